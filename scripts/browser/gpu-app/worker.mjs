const worker = new Worker(new URL('./page.mjs', import.meta.url), { type: 'module' });
worker.addEventListener('error', (event) => reportError(new Error(`worker: ${event.message}`)));
worker.postMessage(location.hash.slice(1));
