import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readSafetensors } from '../../src/io/safetensors/read.ts';
import { loadWeights } from '../../src/io/weights/load.ts';
import { Dense } from '../../src/layers/index.ts';
import { meanSquaredError } from '../../src/losses/index.ts';
import { MeanSquaredError } from '../../src/metrics/regression.ts';
import { SGD, WeightAverage } from '../../src/optim/index.ts';
import { readFile } from '../../src/train/checkpoint/file.ts';
import { readState } from '../../src/train/checkpoint/run-state.ts';
import { type Callback, checkpoint, earlyStopping, fit } from '../../src/train/index.ts';
import { version } from '../../src/util/version.ts';
import { MemoryStore } from '../train/checkpoint/memory-store.ts';

/** A training whose checkpoint in `golden` was written by this function, with an exact history. */
async function train(store: MemoryStore): Promise<void> {
  const model = new Dense(2, 1, { bias: false });
  await model.kernel.assign([[0.5], [-2]]);
  const scores: Callback = {
    onEpochEnd({ epoch, results }) {
      results.score = [Number.NaN, Number.POSITIVE_INFINITY, -0][epoch]!;
    },
  };
  await fit(
    model,
    {
      x: [
        [1, 0],
        [0, 1],
      ],
      y: [[0.5], [2]],
    },
    {
      loss: meanSquaredError,
      optimizer: new SGD(model.parameters(), { learningRate: 0.25, momentum: 0.5 }),
      average: new WeightAverage(model.parameters(), { decay: 0.5, warmup: false }),
      metrics: [new MeanSquaredError()],
      callbacks: [scores, earlyStopping({ monitor: 'score', mode: 'max', patience: 9 })],
      batchSize: 2,
      epochs: 3,
      seed: 2 ** 53 - 1,
      progress: false,
      checkpoint: checkpoint(store, { every: { epochs: 3 }, monitor: 'loss' }),
    },
  );
}

const name = 'checkpoint-1.safetensors';
const golden = new Uint8Array(readFileSync(new URL(`golden/${name}`, import.meta.url)));

/** The contents without what differs between runs. */
async function contentsOf(bytes: Uint8Array) {
  const source = { size: bytes.length, read: async (at: number, n: number) => bytes.slice(at, at + n) };
  const content = await readFile(name, source);
  const { fit, callbacks, results } = readState(content);
  const { seconds, defaultGenerator: _, ...rest } = fit;
  expect(seconds).toBeGreaterThanOrEqual(0);
  const tensors = content.tensors
    .sorted()
    .filter(([tensor]) => !/^fit:(seconds|defaultGenerator)/.test(tensor));
  return { rest, callbacks, results, tensors, outline: content.texts.state };
}

test('the file of version 1 is read', async () => {
  const { rest, callbacks, results, tensors } = await contentsOf(golden);
  expect(rest).toMatchObject({ seed: 2 ** 53 - 1, epochs: 3, epoch: 3, batches: 0, stopped: null });
  expect(rest.finished).toEqual([0, 1, 2]);
  expect(rest.optimizer).toMatchObject({ kind: 'SGD', step: 3, learningRate: 0.25 });
  expect(results.score).toEqual([Number.NaN, Number.POSITIVE_INFINITY, -0]);
  expect(callbacks).toEqual([
    null,
    { best: Number.POSITIVE_INFINITY, bestEpoch: 1, waited: 1, weights: [expect.any(Float32Array)] },
  ]);
  const named = new Map(tensors);
  // By hand: the gradient of the second weight is w - 2, so that b is -4, -5, -4.25 and w is -1, 0.25, 1.3125.
  expect([...named.get('kernel')!.values]).toEqual([0.5, 1.3125]);
  expect([...named.get('optimizer:momentum/kernel')!.values]).toEqual([0, -4.25]);
  expect(named.get('average:kernel')!.shape).toEqual([2, 1]);
  const model = new Dense(2, 1, { bias: false });
  await loadWeights(model, golden);
  expect(await model.kernel.toArray()).toEqual([[0.5], [1.3125]]);
});

test('the same is written today', async () => {
  const store = new MemoryStore();
  await train(store);
  const file = [...store.files.values()].at(-1)!;
  expect(await contentsOf(file)).toEqual(await contentsOf(golden));
  const { metadata } = await readSafetensors(file);
  expect(Object.keys(metadata)).toEqual(Object.keys((await readSafetensors(golden)).metadata));
  expect(metadata).toMatchObject({ format: 'ndgrad', version: '1', producer: `ndgrad ${version}` });
});
