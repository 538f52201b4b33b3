// What the tests of training workers call in a page.
import { fit, loadWeights } from 'ndgrad';
import { type RemoteTraining, serveTraining, trainInWorker } from 'ndgrad/browser';
import { type Mishap, network, setup } from './training-setup.ts';

// A plan that runs needs an instance of its code.
let instances = 0;
WebAssembly.Instance = class extends WebAssembly.Instance {
  constructor(module: WebAssembly.Module, imports?: WebAssembly.Imports) {
    super(module, imports);
    instances++;
  }
};

/** The numbers of all Parameters in a short form. */
async function digest(parameters: { data(): Promise<ArrayLike<number>> }[]): Promise<string> {
  const values = await Promise.all(parameters.map((p) => p.data()));
  const bytes = await new Blob(values.map((v) => Float32Array.from(v))).arrayBuffer();
  return `${new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))}`;
}

/** Trains in a worker, then on the page: what is reported, the weights, and what the page has computed itself. */
export async function trainTwice(): Promise<Record<string, unknown>> {
  const batches: number[] = [];
  const training = trainInWorker(new Worker('worker.js'), {
    message: { mishap: 'nothing', epochs: 2 },
    callbacks: [{ onBatchEnd: ({ loss }) => void batches.push(loss) }],
  });
  const history = await training.result;
  const weights = await training.weights();
  const instancesOfPage = instances;
  const trained = network();
  await loadWeights(trained, weights);

  const { model, data, options } = setup({ mishap: 'nothing', epochs: 2 });
  const expected = await fit(model, data, options);
  return {
    isolated: crossOriginIsolated,
    sameHistory: JSON.stringify(history) === JSON.stringify(expected),
    sameWeights: (await digest(trained.parameters())) === (await digest(model.parameters())),
    batches: batches.length,
    instancesOfPage,
    instancesAfterwards: instances > 0,
  };
}

const errorOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: Error) => `${error.name} ${error.message}`,
  );

/** The errors of a training that goes wrong, and of what waits for it. */
async function errorsOf(training: RemoteTraining): Promise<string[]> {
  const waiting = errorOf(training.step(1e9));
  return [await errorOf(training.result), await waiting, await errorOf(training.weights())];
}

export const mishap = (what: Mishap): Promise<string[]> =>
  errorsOf(trainInWorker(new Worker('worker.js'), { message: { mishap: what, epochs: 1e6 } }));

export const wrongFile = (file: string, type: WorkerType): Promise<string[]> =>
  errorsOf(trainInWorker(new Worker(file, { type })));

/** The page terminates a worker after the first epoch. */
export async function terminate(): Promise<string[]> {
  const worker = new Worker('worker.js');
  const training = trainInWorker(worker, {
    message: { mishap: 'nothing', epochs: 1e6 },
    callbacks: [{ onEpochEnd: () => worker.terminate() }],
  });
  return errorsOf(training);
}

/** The page terminates a worker that has trained, and uses it again. */
export async function useTerminated(): Promise<string[]> {
  const worker = new Worker('worker.js');
  await trainInWorker(worker, { message: { mishap: 'nothing', epochs: 1 } }).result;
  worker.terminate();
  return errorsOf(trainInWorker(worker));
}

/** Aborts a training in a worker that serves none. */
export async function abortSilent(): Promise<string[]> {
  const controller = new AbortController();
  const training = trainInWorker(new Worker('silent.js'), { signal: controller.signal });
  const paused = errorOf(training.pause());
  controller.abort(new Error('too late'));
  return [await errorOf(training.result), await paused];
}

/** Aborts, then trains again in the same worker. */
export async function abort(): Promise<unknown[]> {
  const worker = new Worker('worker.js');
  const controller = new AbortController();
  const training = trainInWorker(worker, {
    message: { mishap: 'nothing', epochs: 1e6 },
    signal: controller.signal,
    callbacks: [{ onEpochEnd: () => controller.abort(new Error('enough')) }],
  });
  const error = await errorOf(training.result);
  const again = trainInWorker(worker, { message: { mishap: 'nothing', epochs: 1 } });
  return [error, (await again.result).epochs];
}

export const serveHere = (): Promise<string> =>
  errorOf((async () => serveTraining(() => setup({ mishap: 'nothing', epochs: 1 })))());
