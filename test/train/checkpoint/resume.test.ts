import { describe, expect, test } from 'vitest';
import { augmentImages } from '../../../src/data/augmentation/augment.ts';
import type { BatchFunction } from '../../../src/data/dataset.ts';
import { Dense, Layer } from '../../../src/layers/index.ts';
import { softmaxCrossEntropy } from '../../../src/losses/index.ts';
import { defaultGenerator } from '../../../src/tensor/random.ts';
import { type Callback, checkpoint, type Model } from '../../../src/train/index.ts';
import { MemoryStore } from './memory-store.ts';
import { samples, trainTwoModels, type Variation } from './program.ts';

const everyStep = { every: { steps: 1 }, keep: 1000 } as const;

const rows = (n: number) => ({
  x: samples.x.slice([9 * n, 9 * n + 9]),
  y: samples.y.slice([9 * n, 9 * n + 9]),
});

/** Batches that depend on the default generator too: they can only be read from the first one on. */
async function* noisyBatches() {
  for (let n = 0; n < 4; n++) {
    const { x, y } = rows(n);
    yield { x: x.add(defaultGenerator().normal([9, 3], 0, 0.1)), y };
  }
}

/** Batches that know how to begin in the middle. */
const seekable: BatchFunction = Object.assign(
  function* (epoch: number, from = 0) {
    for (let n = from; n < 4; n++) yield { x: rows(n).x.add(epoch / 100), y: rows(n).y };
  },
  { seekable: true },
);

/** Trains the first layer from the second epoch on. */
const unfreezing = (): Callback => ({
  onEpochBegin(epoch, { model }) {
    if (epoch === 1) secondLayer(model).unfreeze();
  },
});

function secondLayer(model: Model): Layer {
  const layer = model instanceof Layer ? model.members()[1]![1] : null;
  if (layer instanceof Dense) return layer;
  throw new Error('no Dense');
}

/** A callback that counts within an epoch. */
function counting(): Callback {
  let count = 0;
  return {
    kind: 'counting',
    onEpochBegin() {
      count = 0;
    },
    onBatchEnd() {
      count++;
    },
    onEpochEnd({ results }) {
      results.batches = count;
    },
    getState: () => ({ count }),
    setState(state) {
      count = state.count as number;
    },
  };
}

const images = { ...samples, x: samples.x.reshape([36, 3, 1]) };

const variations: Record<string, Variation> = {
  'shuffled, with a batch without weight': {},
  'in order, without the last batch': { options: { shuffle: false, dropLast: true, batchSize: 10 } },
  'batches that are read again': { data: () => noisyBatches },
  'batches that begin in the middle': { data: () => seekable },
  'augmented images': {
    data: () => augmentImages(images, { batchSize: 8, shift: 0.2, workers: 0 }),
  },
  'a mean divided by class weights': {
    options: {
      loss: (logits, labels, o) => softmaxCrossEntropy(logits, labels, { ...o, classWeights: [1, 3] }),
    },
  },
  'a layer that is unfrozen during training': {
    prepare: (model) => secondLayer(model).freeze(),
    callbacks: () => [unfreezing()],
  },
  'a callback with a state': { callbacks: () => [counting()] },
  'without an average': { averaged: false },
};

describe.each(Object.entries(variations))('%s', (_, variation) => {
  test('training goes on from every checkpoint to the same bits', async () => {
    const whole = await trainTwoModels({}, variation);
    const store = new MemoryStore();
    expect(await trainTwoModels({ checkpoint: checkpoint(store, everyStep) }, variation)).toEqual(whole);
    const files = [...store.files];
    const steps = whole.callbackCalls;
    expect(files.length).toBeGreaterThanOrEqual(steps.length);
    expect(steps.length).toBeGreaterThan(5);
    for (let n = 0; n <= files.length; n++) {
      const resumed = { checkpoint: checkpoint(MemoryStore.of(files.slice(0, n)), everyStep) };
      const { callbackCalls, ...outcome } = await trainTwoModels({ ...resumed, resume: 'auto' }, variation);
      expect(outcome, `after checkpoint ${n}`).toEqual({ bits: whole.bits, history: whole.history });
      expect(callbackCalls).toEqual(steps.slice(n));
    }
  });
});
