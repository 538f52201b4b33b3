const TRIED = 'isolation-tried';

/**
 * Makes the page cross-origin isolated, which threads need, where the server does not send the headers: a service worker adds
 * them, and the page is loaded once more. Does not return in this case.
 */
export async function isolate(): Promise<void> {
  if (crossOriginIsolated) {
    sessionStorage.removeItem(TRIED);
    return;
  }
  if (!('serviceWorker' in navigator) || sessionStorage.getItem(TRIED) !== null) return;
  try {
    await navigator.serviceWorker.register('./isolation-worker.js');
    await navigator.serviceWorker.ready;
  } catch {
    return; // browsers refuse service workers in private windows and by settings of the user
  }
  sessionStorage.setItem(TRIED, 'yes');
  location.reload();
  await new Promise(() => {});
}
