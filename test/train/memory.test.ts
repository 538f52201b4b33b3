import { expect, test } from 'vitest';
import { MeanAbsoluteError } from '../../src/index.ts';
import { Dense, Dropout, type Layer, Sequential } from '../../src/layers/index.ts';
import { meanSquaredError } from '../../src/losses/index.ts';
import { SGD } from '../../src/optim/index.ts';
import { Generator } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { fit, type Model } from '../../src/train/index.ts';

const x: Tensor = new Generator(1).uniform([640, 64]);
const y: Tensor = x.sum(1, { keepDims: true });

/** Bytes that are in use after garbage collection. */
async function usage(): Promise<number> {
  for (let i = 0; i < 4; i++) {
    globalThis.gc!();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** How many bytes 400 steps of training leave behind, once all is warm. */
async function growth(spy: (x: Tensor) => void): Promise<number> {
  const layers: Layer = new Sequential([new Dense(64, 8), new Dropout(0.2), new Dense(8, 1)]);
  const optimizer = new SGD(layers.parameters(), { learningRate: 1e-3 });
  const model: Model = {
    forward(t, ctx) {
      spy(t);
      return layers.call(t, ctx);
    },
    parameters: () => layers.parameters(),
  };
  const run = () =>
    fit(
      model,
      { x, y },
      {
        loss: meanSquaredError,
        optimizer,
        epochs: 10,
        batchSize: 16,
        validationSplit: 0.1,
        metrics: [new MeanAbsoluteError()],
      },
    );
  for (let i = 0; i < 3; i++) await run();
  const before = await usage();
  await run();
  return (await usage()) - before;
}

test('training leaves nothing behind', async () => {
  expect(await growth(() => {})).toBeLessThan(500_000);
});

test('a deliberate leak is noticed', async () => {
  const kept: Tensor[] = [];
  expect(await growth((t) => void kept.push(t))).toBeGreaterThan(1_000_000);
  expect(kept.length).toBeGreaterThan(0);
});
