import { describe, expect, test } from 'vitest';
import type { Samples } from '../../src/data/dataset.ts';
import { Accuracy, ConfusionMatrix, MeanAbsoluteError } from '../../src/index.ts';
import { Dense, Dropout, Flatten, type Layer, Sequential } from '../../src/layers/index.ts';
import {
  meanSquaredError,
  type SoftmaxCrossEntropyOptions,
  softmaxCrossEntropy,
} from '../../src/losses/index.ts';
import { SGD } from '../../src/optim/index.ts';
import { ones, tensor } from '../../src/tensor/creation.ts';
import { Generator } from '../../src/tensor/random.ts';
import { evaluate, fit, type LossFunction, type Model, predict } from '../../src/train/index.ts';
import { network, samples } from './support.ts';

test('equals the values on all samples at once, however they are cut', async () => {
  const { model } = network();
  const data = samples(50);
  const predictions = model.call(data.x);
  const loss = meanSquaredError(predictions, data.y).item();
  const error = predictions.sub(data.y).abs().mean().item();
  for (const batchSize of [1, 7, 50, 256]) {
    const scores = await evaluate(model, data, {
      loss: meanSquaredError,
      metrics: [new MeanAbsoluteError()],
      batchSize,
    });
    expect(Object.keys(scores)).toEqual(['loss', 'meanAbsoluteError']);
    expect(scores.loss).toBeCloseTo(loss, 6);
    expect(scores.meanAbsoluteError).toBeCloseTo(error, 6);
  }
});

test('sample weights count in loss and metrics', async () => {
  const { model } = network();
  const data = samples(20);
  const sampleWeights = new Generator(1).uniform([20]).mul(3);
  const loss = meanSquaredError(model.call(data.x), data.y, { sampleWeights }).item();
  const scores = await evaluate(model, { ...data, sampleWeights }, { loss: meanSquaredError, batchSize: 6 });
  expect(scores.loss).toBeCloseTo(loss, 6);
});

test('metrics are reset, and hold what they gathered', async () => {
  const model = new Dense(2, 2, { bias: false });
  await model.kernel.assign([
    [1, 0],
    [0, 1],
  ]);
  const data = {
    x: [
      [3, 0],
      [0, 3],
      [3, 0],
    ],
    y: Uint8Array.of(0, 1, 1),
  }; // prettier-ignore
  const confusion = new ConfusionMatrix({ numClasses: 2 });
  const metrics = [new Accuracy(), confusion];
  const scores = await evaluate(model, data, { metrics });
  expect(await evaluate(model, data, { metrics })).toEqual(scores);
  expect(scores).toEqual({ accuracy: 2 / 3, confusionMatrix: 2 / 3 });
  expect(confusion.matrix).toEqual([
    [1, 0],
    [1, 1],
  ]);
});

test('the penalty is part of the loss, as in training', async () => {
  const model = new Dense(3, 1, { kernelPenalty: { l1: 0.1 } });
  const data = samples(5);
  const expected = meanSquaredError(model.call(data.x), data.y).add(model.penalty()!).item();
  expect((await evaluate(model, data, { loss: meanSquaredError })).loss).toBe(expected);
});

test('evaluate refuses what it cannot take', async () => {
  const { model } = network();
  await expect(evaluate(model, { x: [], y: [] })).rejects.toThrow('[evaluate] the data contain no samples');
  await expect(evaluate(model, samples(3), { batchSize: 1.5 })).rejects.toThrow(
    '[evaluate] got batchSize 1.5',
  );
  await expect(evaluate(model, [samples(3)], { batchSize: 2 })).rejects.toThrow(
    '[evaluate] got batchSize with data',
  );
  await expect(evaluate(model, samples(3), { loss: 3 as never })).rejects.toThrow('[evaluate] got loss 3');
  await expect(evaluate(model, { x: samples(3).x, y: [1, 2] })).rejects.toThrow(
    '[evaluate] x [3, 3] has 3 samples',
  );
  await expect(evaluate(model, samples(3), { signal: AbortSignal.abort() })).rejects.toMatchObject({
    name: 'AbortError',
  });
  const wrong = { x: samples(3).x, y: Int32Array.of(0, 1, 2) };
  await expect(evaluate(model, wrong, { loss: softmaxCrossEntropy })).rejects.toThrow('out of range');
});

test('predict keeps the order, drops nothing and takes any rank', async () => {
  const { model } = network();
  const { x } = samples(50);
  const expected = model.call(x).dataSync();
  for (const batchSize of [7, 50, 256]) {
    const y = await predict(model, x, { batchSize });
    expect(y.shape).toEqual([50, 1]);
    y.dataSync().forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 6);
    });
  }
  expect(await predict(model, x.toArray() as number[][])).toMatchObject({ shape: [50, 1] });

  const cube: Model = {
    forward: (t) =>
      t
        .expandDims(1)
        .mul(ones([1, 2, 1]))
        .cast('int32'),
    parameters: () => [],
  };
  const y = await predict(cube, tensor([[1], [2], [3]]), { batchSize: 2 });
  expect(y.dtype).toBe('int32');
  expect(y.toArray()).toEqual([
    [[1], [1]],
    [[2], [2]],
    [[3], [3]],
  ]); // prettier-ignore

  const sum: Model = { forward: (t) => t.sum(1), parameters: () => [] };
  expect(
    (
      await predict(
        sum,
        [
          [1, 2],
          [3, 4],
        ],
        { batchSize: 1 },
      )
    ).toArray(),
  ).toEqual([3, 7]); // prettier-ignore
});

test('predict on no samples gives an empty tensor of the right shape', async () => {
  const model: Layer = new Sequential([new Flatten(), new Dropout(0.5), new Dense(4, 3)]);
  const y = await predict(model, { data: new Uint8Array(0), shape: [0, 4] });
  expect(y.shape).toEqual([0, 3]);
  expect(y.dtype).toBe('float32');
});

test('predict refuses a model that mixes samples, and wrong options', async () => {
  const mean: Model = { forward: (t) => t.mean(0), parameters: () => [] };
  await expect(predict(mean, ones([4, 2]))).rejects.toThrow('[predict] the model returned [2] for 4 samples');
  await expect(predict(mean, 3)).rejects.toThrow('[predict] x is a single number');
  await expect(predict(mean, ones([4, 2]), { batchSize: 0 })).rejects.toThrow('[predict] got batchSize 0');
  await expect(predict(mean, ones([4, 2]), { signal: AbortSignal.abort(1) })).rejects.toBe(1);
});

describe('the loss of all samples at once, for any batch size', () => {
  const x = [
    [0, 0.6, -0.5],
    [-1.8, -0.9, -2],
    [0.1, 2.7, -1],
    [-1.2, 1, 0.7],
    [0.2, -1.9, -0.1],
    [1.4, -2.7, -0.9],
    [-3.8, -2.6, -3.7],
  ];
  const labels = Uint8Array.of(0, 2, 1, 2, 2, 0, 1);
  const sampleWeights = [1, 2, 0.5, 1, 3, 1, 1.5];
  const classWeights = [0.2, 1, 4];
  const oneHot = [...labels].map((label) => [0, 1, 2].map((k) => Number(k === label)));

  /** A model whose output is its input times a Parameter of 1. */
  async function identity(penalty = 0): Promise<Layer> {
    const model = new Dense(3, 3, { bias: false, kernelPenalty: { l1: penalty } });
    await model.kernel.assign([
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
    return model;
  }

  const entropy =
    (more: SoftmaxCrossEntropyOptions): LossFunction =>
    (p, y, options) =>
      softmaxCrossEntropy(p, y, { ...options, ...more });
  const sum = { reduction: 'sum' } as const;

  // From PyTorch's losses and scikit-learn's log_loss in double precision.
  const cases: [name: string, loss: LossFunction, data: Samples, expected: number][] = [
    ['mean', softmaxCrossEntropy, { x, y: labels }, 0.7742988489316953],
    ['class weights', entropy({ classWeights }), { x, y: labels }, 1.0292947735741351],
    // PyTorch divides by the number of samples where labels are distributions.
    ['class weights, one-hot', entropy({ classWeights }), { x, y: oneHot }, 14.821844739467544 / 7],
    [
      'class and sample weights',
      entropy({ classWeights }),
      { x, y: labels, sampleWeights },
      1.0989818115775478,
    ],
    [
      'class weights and smoothing',
      entropy({ classWeights, labelSmoothing: 0.1 }),
      { x, y: labels },
      1.0734126992285589,
    ],
    ['a class of weight 0', entropy({ classWeights: [0, 1, 4] }), { x, y: labels }, 1.0395223083109684],
    ['a sum', entropy(sum), { x, y: labels }, 5.420091942521867],
    ['a sum with class weights', entropy({ classWeights, ...sum }), { x, y: labels }, 14.821844739467544],
    ['a sum of squares', (p, y) => meanSquaredError(p, y, sum), { x, y: oneHot }, 75.3],
    [
      'a combination',
      (p, y) =>
        entropy({ classWeights })(p, y)
          .mul(2)
          .sub(entropy(sum)(p, y).neg().div(4))
          .add(softmaxCrossEntropy(p, y)),
      { x, y: labels },
      2 * 1.0292947735741351 + 5.420091942521867 / 4 + 0.7742988489316953,
    ],
  ];

  test.each(cases)('%s', async (_, loss, data, expected) => {
    for (const batchSize of [1, 2, 5, 7]) {
      const model = await identity();
      const scores = await evaluate(model, data, { loss, batchSize });
      expect(scores.loss! / expected, `batches of ${batchSize}`).toBeCloseTo(1, 6);
    }
  });

  test('a penalty counts once', async () => {
    for (const [, loss, data, expected] of cases) {
      const scores = await evaluate(await identity(0.5), data, { loss, batchSize: 3 });
      expect(scores.loss! / (expected + 1.5)).toBeCloseTo(1, 6);
    }
  });

  test('in fit too, while training and on validation data', async () => {
    for (const [name, loss, data, expected] of cases) {
      const model = await identity();
      const { history } = await fit(model, data, {
        loss,
        optimizer: new SGD(model.parameters(), { learningRate: 0 }),
        batchSize: 2,
        validationData: data,
      });
      expect(history.loss![0]! / expected, name).toBeCloseTo(1, 6);
      expect(history.val_loss![0]! / expected, name).toBeCloseTo(1, 6);
    }
  });

  test('a loss that is not linear in them is a mean over the batches', async () => {
    const loss: LossFunction = (p, y) => entropy(sum)(p, y).square();
    const scores = await evaluate(await identity(), { x, y: labels }, { loss, batchSize: 7 });
    expect(scores.loss).toBeCloseTo(5.420091942521867 ** 2, 4);
  });
});
