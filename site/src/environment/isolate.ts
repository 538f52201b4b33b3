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
    const { installing, waiting, active } = await navigator.serviceWorker.register('./isolation-worker.js');
    if (!(await isActivated(installing ?? waiting ?? active!))) return;
  } catch {
    return; // browsers refuse service workers in private windows and by settings of the user
  }
  sessionStorage.setItem(TRIED, 'yes');
  location.reload();
  await new Promise(() => {});
}

/** Resolves to false if its installation fails. */
function isActivated(worker: ServiceWorker): Promise<boolean> {
  return new Promise((resolve) => {
    const check = (): void => {
      if (worker.state === 'activated' || worker.state === 'redundant') resolve(worker.state === 'activated');
    };
    worker.addEventListener('statechange', check);
    check();
  });
}
