import { augmentImages } from 'ndgrad/data';
import { describe, expect, test } from 'vitest';
import { BatchNorm, Conv2D, Dense, Flatten, type Layer, Sequential } from '../../src/layers/index.ts';
import { meanSquaredError } from '../../src/losses/index.ts';
import { SGD } from '../../src/optim/index.ts';
import { Generator, seed } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { type FitOptions, fit, type ProgressReport } from '../../src/train/index.ts';
import { network, samples, valuesOf } from './support.ts';

function normalized(): Layer {
  seed(1);
  return new Sequential([new Dense(3, 4), new BatchNorm(4), new Dense(4, 1)]);
}

async function train(model: Layer, count: number, options: Partial<FitOptions> = {}) {
  const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
  const running = fit(model, samples(count), { loss: meanSquaredError, optimizer, ...options });
  return { history: await running.catch((error: unknown) => error), steps: optimizer.step };
}

describe('a last batch of one sample with BatchNorm', () => {
  const message =
    '[Sequential.1 BatchNorm] a training batch [1, 4] with 1 value per channel has no variance, wanted 2 or more. ' +
    'If it is the last batch of an epoch, set dropLast: true, or choose another batchSize.';

  test('fails before the first step', async () => {
    const model = normalized();
    const before = valuesOf(model);
    const { history, steps } = await train(model, 33);
    expect(String(history)).toBe(`ShapeError: ${message}`);
    expect(steps).toBe(0);
    expect(valuesOf(model)).toEqual(before);
  });

  test('fails before the first step of a model that is no layer', async () => {
    const layers = normalized();
    const model = {
      forward: (x: Tensor, ctx: never) => layers.forward(x, ctx),
      parameters: () => layers.parameters(),
    };
    const optimizer = new SGD(layers.parameters(), { learningRate: 0.1 });
    await expect(fit(model, samples(33), { loss: meanSquaredError, optimizer })).rejects.toThrow(message);
    expect(optimizer.step).toBe(0);
  });

  test.each([
    ['dropLast', 33, { dropLast: true }, 1],
    ['two samples in it', 34, {}, 2],
    ['another batch size', 33, { batchSize: 11 }, 3],
    ['a validation set that leaves 32', 40, { validationSplit: 0.2 }, 1],
  ])('%s is the remedy', async (_, count, options, expected) => {
    const { history, steps } = await train(normalized(), count, options);
    expect(history).toMatchObject({ epochs: [0] });
    expect(steps).toBe(expected);
  });

  test('trains where the layer is frozen, or images have several pixels', async () => {
    const model = normalized();
    (model as Sequential).layers[1]!.freeze();
    expect((await train(model, 33)).steps).toBe(2);

    const images = new Generator(1).normal([5, 4, 4, 1]);
    const convolution = new Sequential([
      new Conv2D(1, 2, 3),
      new BatchNorm(2),
      new Flatten(),
      new Dense(8, 1),
    ]);
    const optimizer = new SGD(convolution.parameters(), { learningRate: 0.1 });
    await fit(
      convolution,
      { x: images, y: new Generator(2).normal([5, 1]) },
      { loss: meanSquaredError, optimizer, batchSize: 2 },
    );
    expect(optimizer.step).toBe(3);
  });

  test('of augmented images too', async () => {
    seed(1);
    const model = new Sequential([new Flatten(), new BatchNorm(16), new Dense(16, 1)]);
    const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
    const data = { x: new Generator(1).uniform([9, 4, 4]), y: new Generator(2).normal([9, 1]) };
    const options = { loss: meanSquaredError, optimizer };
    const shared = { batchSize: 4, workers: 0, seed: 1 };
    await expect(fit(model, augmentImages(data, shared), options)).rejects.toThrow('[1, 16] with 1 value');
    expect(optimizer.step).toBe(0);
    await fit(model, augmentImages(data, { ...shared, dropLast: true }), options);
    expect(optimizer.step).toBe(2);
  });
});

describe('dropLast', () => {
  test('leaves out the last, smaller batch, with other samples in each epoch', async () => {
    const { model, optimizer } = network();
    const seen: number[][] = [];
    const reports: ProgressReport[] = [];
    const forward: Layer['forward'] = (x, ctx) => model.forward(x, ctx);
    const spy = {
      forward: (x: Tensor, ctx: never) => {
        seen.push([...x.dataSync()].filter((_, i) => i % 3 === 0));
        return forward(x, ctx);
      },
      parameters: () => model.parameters(),
    };
    await fit(spy, samples(50), {
      loss: meanSquaredError,
      optimizer,
      epochs: 2,
      batchSize: 16,
      dropLast: true,
      progress: (report) => reports.push(report),
    });
    expect(seen.map((batch) => batch.length)).toEqual([16, 16, 16, 16, 16, 16]);
    expect(new Set(seen.slice(0, 3).flat()).size).toBe(48);
    expect(seen.slice(0, 3).flat().sort()).not.toEqual(seen.slice(3).flat().sort());
    expect(reports.map(({ batches }) => batches)).toEqual(Array(8).fill(3));
  });

  test('changes nothing if all batches are full', async () => {
    const values = async (dropLast: boolean) => {
      const { model, optimizer } = network();
      await fit(model, samples(48), { loss: meanSquaredError, optimizer, batchSize: 16, dropLast, seed: 1 });
      return valuesOf(model);
    };
    expect(await values(true)).toEqual(await values(false));
  });

  test('of augmented images', async () => {
    const data = { x: new Generator(1).uniform([9, 4, 4]), y: new Generator(2).normal([9, 1]) };
    const shared = { batchSize: 4, workers: 0, seed: 1 };
    const batches = async (dropLast: boolean) => {
      const source = augmentImages(data, { ...shared, dropLast });
      const found: number[][] = [];
      for await (const { x } of source(0)) found.push([...x.dataSync()]);
      return { found, batches: source.batches, lastBatchSize: source.lastBatchSize };
    };
    const all = await batches(false);
    expect(all).toMatchObject({ batches: 3, lastBatchSize: 1 });
    const full = await batches(true);
    expect(full).toEqual({ found: all.found.slice(0, 2), batches: 2, lastBatchSize: 4 });
    expect(() => augmentImages(data, { batchSize: 10, dropLast: true })).toThrow(
      '[augmentImages] got dropLast with 9 samples and batchSize 10, which leaves no batch. Lower batchSize.',
    );
    expect(() => augmentImages(data, { dropLast: 1 as never })).toThrow('[augmentImages] got dropLast 1');
  });

  test('is refused where it leaves nothing, or with batches', async () => {
    const { model, optimizer } = network();
    const options = { loss: meanSquaredError, optimizer, dropLast: true };
    await expect(fit(model, samples(31), options)).rejects.toThrow(
      '[fit] got dropLast with 31 samples and batchSize 32, which leaves no batch. Lower batchSize.',
    );
    await expect(fit(model, [samples(31)], options)).rejects.toThrow(
      '[fit] got dropLast with data that are batches already.',
    );
  });
});
