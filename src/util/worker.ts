import { errorMessage } from './error-message.ts';
import { nodeModule } from './node-modules.ts';

export interface WorkerOptions {
  /** Shown by debuggers. */
  readonly name: string;
  /** Passed as `workerData` in Node and as the first message in browsers, unless it is undefined. */
  readonly data?: unknown;
  readonly onMessage?: (message: unknown) => void;
  /**
   * Called when the worker has ended by itself or could not start, with an error message or null. May be called several
   * times.
   */
  readonly onEnd: (message: string | null) => void;
}

/** A running worker. It never keeps a process alive. */
export interface WorkerHandle {
  /** Sends a message. The buffers in `transfer` move to the worker. */
  post(message: unknown, transfer: readonly ArrayBuffer[]): void;
  terminate(): void;
}

export type StartWorker = (source: string, options: WorkerOptions) => WorkerHandle;

/**
 * Starts a worker that runs `source`, in Node or in a browser.
 *
 * @throws if workers are missing or forbidden.
 */
export const startWorker: StartWorker = (source, options) =>
  nodeModule('node:worker_threads') === undefined
    ? startWebWorker(source, options)
    : startNodeWorker(source, options);

const startNodeWorker: StartWorker = (source, { name, data, onMessage, onEnd }) => {
  const { Worker } = nodeModule('node:worker_threads')!;
  // Flags and NODE_OPTIONS are not passed on: their loaders would only slow down the start.
  const worker = new Worker(source, { eval: true, workerData: data, execArgv: [], env: {}, name });
  if (onMessage !== undefined) worker.on('message', onMessage);
  worker.on('messageerror', (error) => onEnd(errorMessage(error)));
  worker.on('error', (error) => onEnd(errorMessage(error)));
  worker.on('exit', () => onEnd(null));
  worker.unref();
  return {
    post: (message, transfer) => worker.postMessage(message, transfer),
    terminate: () => void worker.terminate(),
  };
};

/** Object URLs of sources. There are only a few sources, so the URLs are never revoked. */
const urls = new Map<string, string>();

const startWebWorker: StartWorker = (source, { name, data, onMessage, onEnd }) => {
  let url = urls.get(source);
  if (url === undefined) {
    url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
    urls.set(source, url);
  }
  const worker = new Worker(url, { name });
  if (onMessage !== undefined) worker.onmessage = (event) => onMessage(event.data);
  worker.onmessageerror = () => onEnd('a message could not be read');
  worker.onerror = (event) => {
    event.preventDefault();
    onEnd(
      event.message ||
        'the script was not loaded, perhaps because of a content-security policy (worker-src blob:)',
    );
  };
  if (data !== undefined) {
    try {
      worker.postMessage(data);
    } catch (error) {
      worker.terminate();
      throw error;
    }
  }
  return {
    post: (message, transfer) => worker.postMessage(message, [...transfer]),
    terminate: () => worker.terminate(),
  };
};
