import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { fit, loadWeights } from 'ndgrad';
import { serveTraining, type TrainInWorkerOptions, trainInWorker } from 'ndgrad/node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { StateError } from '../../src/ir/errors.ts';
import { valuesOf } from '../train/support.ts';
import { type Mishap, network, setup } from './training-setup.ts';

const folder = mkdtempSync(join(tmpdir(), 'ndgrad-training-'));
const workers: Worker[] = [];
beforeAll(async () => {
  await build({
    entryPoints: [fileURLToPath(new URL('training-worker.ts', import.meta.url))],
    outfile: join(folder, 'worker.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    // CommonJS packages need it.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
});
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.terminate();
});
afterAll(() => rmSync(folder, { recursive: true }));

function start(file: string): Worker {
  const worker = new Worker(pathToFileURL(join(folder, file)), { execArgv: [] });
  workers.push(worker);
  return worker;
}

const train = (mishap: Mishap, options: TrainInWorkerOptions = {}, epochs = 3) => {
  const worker = start('worker.mjs');
  return { worker, training: trainInWorker(worker, { message: { mishap, epochs }, ...options }) };
};

describe('trainInWorker of ndgrad/node', () => {
  it('trains with the bits of fit', async () => {
    const losses: number[] = [];
    const { training } = train('nothing', {
      callbacks: [{ onEpochEnd: ({ results }) => void losses.push(results.loss!) }],
    });
    const { model, data, options } = setup({ mishap: 'nothing', epochs: 3 });
    const expected = await fit(model, data, options);
    expect(await training.result).toEqual(expected);
    expect(losses).toEqual(expected.history.loss);
    const other = network();
    await loadWeights(other, await training.weights());
    expect(valuesOf(other)).toEqual(valuesOf(model));
  });

  it.each<[Mishap, RegExp]>([
    ['exit', /^\[trainInWorker\] the worker ended with exit code 3\.$/],
    ['uncaught', /^\[trainInWorker\] got an error in the worker: nobody listens\.$/],
  ])('rejects after: %s', async (mishap, message) => {
    const { training } = train(mishap, {}, 1e6);
    const error = await training.result.catch((error: unknown) => error as Error);
    expect(error).toBeInstanceOf(StateError);
    expect((error as Error).message).toMatch(message);
    await expect(training.weights()).rejects.toBe(error);
  });

  it('rejects when the worker is terminated', async () => {
    const { training, worker } = train(
      'nothing',
      { callbacks: [{ onEpochEnd: () => void worker.terminate() }] },
      1e6,
    );
    await expect(training.result).rejects.toThrow('[trainInWorker] the worker ended with exit code 1.');
  });

  it.each([
    ['throw new Error("top level")', /got an error in the worker: top level/],
    ['import "./absent.mjs"', /got an error in the worker: Cannot find module/],
    ['let let = 3', /got an error in the worker: /],
    ['await Promise.reject(new Error("later"))', /got an error in the worker: later/],
    ['0', /the worker ended with exit code 0, wanted one whose file calls serveTraining/],
    [
      'import { parentPort } from "node:worker_threads"; parentPort.on("message", (m) => parentPort.postMessage(m))',
      /got an object from the worker, wanted messages of serveTraining/,
    ],
    [
      'import { parentPort } from "node:worker_threads"; parentPort.postMessage("hi")',
      /got 'hi' from the worker, wanted messages of serveTraining/,
    ],
  ])('rejects when the file of the worker is: %s', async (content, message) => {
    writeFileSync(join(folder, 'wrong.mjs'), content);
    const training = trainInWorker(start('wrong.mjs'));
    await expect(training.result).rejects.toThrow(message);
    await expect(training.pause()).rejects.toThrow(message);
  });

  it('rejects when there is no such file', async () => {
    await expect(trainInWorker(start('absent.mjs')).result).rejects.toThrow(
      'got an error in the worker: Cannot find',
    );
  });

  it('rejects when the worker was terminated before', async () => {
    const { training, worker } = train('nothing');
    await training.result;
    await worker.terminate();
    const message = '[trainInWorker] the worker has ended.';
    await expect(training.weights()).rejects.toThrow(message);
    const next = trainInWorker(worker);
    await expect(next.pause()).rejects.toThrow(message);
    await expect(next.result).rejects.toThrow(message);
    expect(worker.listenerCount('exit')).toBe(0);
  });

  it('waits for serveTraining until the signal aborts', async () => {
    writeFileSync(join(folder, 'silent.mjs'), 'setInterval(() => {}, 1e6)');
    const controller = new AbortController();
    const worker = start('silent.mjs');
    const training = trainInWorker(worker, { signal: controller.signal });
    const paused = training.pause();
    worker.once('online', () => controller.abort(new Error('too late')));
    await expect(training.result).rejects.toThrow('too late');
    await expect(paused).rejects.toThrow('too late');
    expect(worker.listenerCount('message')).toBe(0);
  });

  it('leaves errors after the training to the program', async () => {
    const { training, worker } = train('nothing');
    await training.result;
    expect(worker.listenerCount('error')).toBe(0);
    await training.weights();
    expect(worker.listenerCount('error')).toBe(0);
    expect(worker.listenerCount('message')).toBe(0);
  });

  it('refuses wrong arguments', () => {
    expect(() => trainInWorker('worker.js' as never)).toThrow(
      "[trainInWorker] got worker 'worker.js', wanted new Worker(",
    );
    const worker = start('worker.mjs');
    expect(() => trainInWorker(worker, { callbacks: [{ onEnd: 0 } as never] })).toThrow('[trainInWorker]');
    expect(() => trainInWorker(worker, { signal: 3 as never })).toThrow('[trainInWorker] got signal 3');
    expect(() => trainInWorker(worker, { messages: 3 } as never)).toThrow("Did you mean 'message'?");
  });
});

it('serveTraining refuses the main thread', () => {
  expect(() => serveTraining((() => {}) as never)).toThrow(/^\[serveTraining\] got the main thread, wanted/);
});
