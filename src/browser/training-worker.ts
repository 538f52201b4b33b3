import { checkCount, refusal } from '../ir/arguments.ts';
import { StateError } from '../ir/errors.ts';
import type { Connection } from '../remote/messages.ts';
import { RemoteRun } from '../remote/remote-run.ts';
import {
  checkTrainInWorker,
  type RemoteTraining,
  type TrainInWorkerOptions,
} from '../remote/remote-training.ts';
import { checkSetUp, type SetUpTraining, serve } from '../remote/serve.ts';

/** The host's `Worker`; where the host has no types, what this library uses of it. */
export type WorkerLike = typeof globalThis extends { Worker: { prototype: infer T } }
  ? T
  : {
      postMessage(message: unknown): void;
      addEventListener(type: string, listener: (event: never) => void): void;
    };

let serving = false;

/**
 * Makes the worker that calls it train for `trainInWorker`: once for each message, with what `setup` returns for it.
 *
 *     // worker.ts
 *     serveTraining(async ({ learningRate }) => {
 *       const model = new Sequential([new Dense(784, 128, { activation: 'relu' }), new Dense(128, 10)]);
 *       const optimizer = new Adam(model.parameters(), { learningRate });
 *       return { model, data: await loadData(), options: { loss: softmaxCrossEntropy, optimizer, epochs: 5 } };
 *     });
 *
 * @param setup gets the message of `trainInWorker` and returns the arguments of `fit`, or a promise of them.
 * @throws StateError outside a worker, and for a second call.
 */
export function serveTraining(setup: SetUpTraining): void {
  checkCount('serveTraining', arguments.length, 1);
  checkSetUp(setup);
  const host = globalThis as unknown as WorkerHost;
  if (typeof host.postMessage !== 'function' || host.document !== undefined)
    throw new StateError(
      "[serveTraining] got no web worker, wanted to be called in the file of new Worker(new URL('./worker.js', import.meta.url), " +
        "{ type: 'module' }). In worker threads of Node import it from ndgrad/node.",
    );
  if (serving)
    throw new StateError(
      '[serveTraining] got a second call, wanted one for each worker. Choose by the message.',
    );
  serving = true;
  const connection: Connection = {
    post: (data, transfer = []) => host.postMessage(data, [...transfer]),
    listen(receive) {
      const onMessage = ({ data }: { data: unknown }): void => receive(data);
      host.addEventListener('message', onMessage);
      return () => host.removeEventListener('message', onMessage);
    },
  };
  void holdLock().then((lock) => serve(connection, setup, lock));
}

/** The global object of a worker. */
interface WorkerHost {
  readonly document?: unknown;
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  removeEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
}

/** What browsers have in secure contexts. */
const locks = (): LockManager | undefined => globalThis.navigator?.locks;

/**
 * Takes a lock that ends with this worker: browsers do not tell a page when a worker ends. Resolves to its name, or to null
 * where there are no locks.
 */
function holdLock(): Promise<string | null> {
  const name = `ndgrad-training-${crypto.getRandomValues(new Uint32Array(4)).join('-')}`;
  return new Promise((resolve) => {
    const held = locks()?.request(name, () => {
      resolve(name);
      return new Promise(() => {});
    });
    if (held === undefined) resolve(null);
    else held.catch(() => resolve(null)); // refused, in a page without an origin
  });
}

/**
 * Trains in a worker whose file calls `serveTraining`, so that the page stays responsive.
 *
 *     const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
 *     const training = trainInWorker(worker, { message: { learningRate: 0.001 }, callbacks: [lossChart(element)] });
 *     const history = await training.result;
 *     await loadWeights(model, await training.weights());
 *
 * The callbacks get the events of `fit` as plain data. `fit` waits for them, except for `onBatchEnd`: there it may be 32 batches ahead, so `training.stop` ends
 * training a few batches later. `training.model`, `optimizer` and `metrics` are in the worker; callbacks that use them belong there.
 *
 * The worker stays, and serves the next training. `worker.terminate()` ends it.
 *
 * @throws ValueError for wrong arguments. `result` rejects with the error of `setup`, `fit`, a callback or the signal; and with
 *   a StateError if the worker's file can't be loaded, if an error in the worker is not caught, if the worker is training already or is
 *   terminated, or if it sends anything else.
 */
export function trainInWorker(worker: WorkerLike, options: TrainInWorkerOptions = {}): RemoteTraining {
  checkCount('trainInWorker', arguments.length, 2);
  const { postMessage, addEventListener } = Object(worker) as Partial<WorkerLike>;
  if (typeof postMessage !== 'function' || typeof addEventListener !== 'function')
    throw refusal(
      'trainInWorker',
      'worker',
      worker,
      "new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })",
    );
  checkTrainInWorker(options);
  return new RemoteRun(pageConnection(worker), options);
}

/** Resolve when workers have ended, for those that have been ready. */
const ends = new WeakMap<object, Promise<unknown>>();

const pageConnection = (worker: WorkerLike): Connection => ({
  post: (data) => worker.postMessage(data),
  listen(receive, lost) {
    const listeners = {
      message: ({ data }: MessageEvent) => receive(data),
      messageerror: () => lost("a message of the worker can't be read here"),
      error: (event: ErrorEvent) => {
        event.preventDefault(); // `result` reports it
        const { message, filename, lineno } = event;
        lost(
          message
            ? `got an error in the worker: ${message}${filename ? ` (${filename}:${lineno})` : ''}`
            : "the worker's file can't be loaded. Check its address, its syntax, what it imports, and the content-security policy (worker-src)",
        );
      },
    } as const;
    const types = Object.keys(listeners) as (keyof typeof listeners)[];
    for (const type of types) worker.addEventListener(type, listeners[type] as EventListener);
    // One that has ended already answers nothing.
    void ends.get(worker)?.then(() => lost('the worker was terminated'));
    return () => {
      for (const type of types) worker.removeEventListener(type, listeners[type] as EventListener);
    };
  },
  ended(lock) {
    const end = ends.get(worker) ?? locks()?.request(lock, () => {}) ?? new Promise(() => {});
    ends.set(worker, end);
    return end;
  },
});
