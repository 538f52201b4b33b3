import { parentPort } from 'node:worker_threads';
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
import { errorMessage } from '../util/error-message.ts';

/** A `Worker` of `node:worker_threads`, without the need for Node's types. */
export interface WorkerThread {
  /** -1 after the worker has ended. */
  readonly threadId?: number;
  postMessage(message: unknown): void;
  on(event: string, listener: (value: unknown) => void): unknown;
  off(event: string, listener: (value: unknown) => void): unknown;
}

let serving = false;

/**
 * Makes the worker thread that calls it train for `trainInWorker`, as `serveTraining` of `ndgrad/browser` does in web
 * workers.
 *
 * @param setup gets the message of `trainInWorker` and returns the arguments of `fit`, or a promise of them.
 * @throws StateError outside a worker thread, and for a second call.
 */
export function serveTraining(setup: SetUpTraining): void {
  checkCount('serveTraining', arguments.length, 1);
  checkSetUp(setup);
  if (parentPort === null)
    throw new StateError(
      "[serveTraining] got the main thread, wanted to be called in the file of new Worker(new URL('./worker.js', import.meta.url)) " +
        'of node:worker_threads.',
    );
  if (serving)
    throw new StateError(
      '[serveTraining] got a second call, wanted one for each worker. Choose by the message.',
    );
  serving = true;
  const port = parentPort;
  serve(
    {
      post: (data, transfer = []) => port.postMessage(data, transfer),
      listen(receive) {
        port.on('message', receive);
        return () => port.off('message', receive);
      },
    },
    setup,
    null,
  );
}

/**
 * Trains in a worker thread whose file calls `serveTraining`, so that the main thread stays free: `trainInWorker` of
 * `ndgrad/browser`, which describes it, for `Worker` of `node:worker_threads`. `await worker.terminate()` ends the worker, which
 * otherwise keeps the process alive.
 *
 * @throws ValueError for wrong arguments.
 */
export function trainInWorker(worker: WorkerThread, options: TrainInWorkerOptions = {}): RemoteTraining {
  checkCount('trainInWorker', arguments.length, 2);
  if (typeof worker?.postMessage !== 'function' || typeof worker.on !== 'function')
    throw refusal(
      'trainInWorker',
      'worker',
      worker,
      "new Worker(new URL('./worker.js', import.meta.url)) of node:worker_threads",
    );
  checkTrainInWorker(options);
  return new RemoteRun(connectionTo(worker), options);
}

const connectionTo = (worker: WorkerThread): Connection => ({
  post: (data) => worker.postMessage(data),
  listen(receive, lost) {
    const onError = (error: unknown): void => lost(`got an error in the worker: ${errorMessage(error)}`);
    const onExit = (code: number): void =>
      lost(
        code === 0
          ? 'the worker ended with exit code 0, wanted one whose file calls serveTraining'
          : `the worker ended with exit code ${code}`,
      );
    const listeners = [
      ['message', receive],
      ['error', onError],
      ['messageerror', onError],
      ['exit', onExit],
    ] as const;
    for (const [event, listener] of listeners) worker.on(event, listener as (value: unknown) => void);
    // It tells its end once only.
    if (worker.threadId === -1) void Promise.resolve('the worker has ended').then(lost);
    return () => {
      for (const [event, listener] of listeners) worker.off(event, listener as (value: unknown) => void);
    };
  },
});
