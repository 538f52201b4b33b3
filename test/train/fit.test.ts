import ndarray from 'ndarray';
import { expect, test } from 'vitest';
import { Accuracy, BinaryAccuracy, MeanAbsoluteError } from '../../src/index.ts';
import { Dense, inference, Sequential } from '../../src/layers/index.ts';
import { binaryCrossEntropy, meanSquaredError, softmaxCrossEntropy } from '../../src/losses/index.ts';
import { Adam, SGD } from '../../src/optim/index.ts';
import { backendInfo } from '../../src/runtime/backends.ts';
import { tensor } from '../../src/tensor/creation.ts';
import { seed } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { type Callback, fit, type LossFunction, stopOnNaN } from '../../src/train/index.ts';
import { network, samples, train, valuesOf } from './support.ts';

const xor = {
  x: [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ],
  y: [[0], [1], [1], [0]],
};

test('learns XOR', async () => {
  seed(1);
  const model = new Sequential([new Dense(2, 8, { activation: 'tanh' }), new Dense(8, 1)]);
  const history = await fit(model, xor, {
    loss: binaryCrossEntropy,
    optimizer: new Adam(model.parameters(), { learningRate: 0.05 }),
    epochs: 200,
    metrics: [new BinaryAccuracy()],
  });
  expect(history.epochs).toHaveLength(200);
  expect(Object.keys(history.history)).toEqual(['loss', 'binaryAccuracy']);
  expect(history.history.binaryAccuracy!.at(-1)).toBe(1);
  expect(history.history.loss!.at(-1)).toBeLessThan(0.1);
  expect(history.stopped).toBeUndefined();
});

test('one step is one step: loss and update are those of the full batch', async () => {
  const a = network({ dropout: 0 });
  const b = network({ dropout: 0 });
  const data = samples(20);
  const loss = meanSquaredError(a.model.call(data.x), data.y);
  await a.optimizer.minimize(loss);
  const history = await fit(b.model, data, {
    loss: meanSquaredError,
    optimizer: b.optimizer,
    batchSize: 20,
    shuffle: false,
  });
  expect(history.history.loss).toEqual([loss.item()]);
  expect(valuesOf(b.model)).toEqual(valuesOf(a.model));
});

test('the last batch may be smaller and weighs less in the loss', async () => {
  const { model } = network({ dropout: 0 });
  const sizes: number[] = [];
  const losses: number[] = [];
  const history = await fit(model, samples(50), {
    loss: (p, y) => {
      sizes.push(p.shape[0]!);
      return meanSquaredError(p, y);
    },
    optimizer: new SGD(model.parameters(), { learningRate: 0.1 }),
    batchSize: 16,
    callbacks: [{ onBatchEnd: ({ loss }) => void losses.push(loss) }],
  });
  expect(sizes).toEqual([16, 16, 16, 2]);
  const mean = losses.reduce((sum, loss, i) => sum + loss * sizes[i]!, 0) / 50;
  expect(history.history.loss![0]).toBeCloseTo(mean, 12);
});

test('the penalty is part of the loss', async () => {
  const model = new Dense(3, 1, { kernelPenalty: { l2: 0.5 } });
  const data = samples(10);
  const expected = meanSquaredError(model.call(data.x), data.y).add(model.penalty()!).item();
  const options = { loss: meanSquaredError, optimizer: new SGD(model.parameters(), { learningRate: 0.1 }) };
  const { history } = await fit(model, data, { ...options, shuffle: false });
  expect(history.loss).toEqual([expected]);
});

test('same seed, same bits; another seed, another course', async () => {
  const one = await train({ seed: 7 });
  const two = await train({ seed: 7 });
  const other = await train({ seed: 8 });
  expect(two.values).toEqual(one.values);
  expect(two.history).toEqual(one.history);
  expect(other.values).not.toEqual(one.values);
});

test('without a seed the default generator governs', async () => {
  const one = await train();
  const two = await train(); // network() calls seed(3) each time
  expect(two.values).toEqual(one.values);
  const { model, optimizer } = network();
  seed(4);
  await fit(model, samples(50), { loss: meanSquaredError, optimizer, epochs: 3, batchSize: 16 });
  expect(valuesOf(model)).not.toEqual(one.values);
});

test('each epoch has an order of its own, unless shuffling is off', async () => {
  const x = Float32Array.from({ length: 12 }, (_, i) => i);
  const orders = async (shuffle: boolean): Promise<string[]> => {
    const seen: number[][] = [];
    const model = new Dense(1, 1);
    await fit(
      {
        forward(t) {
          seen.push([...t.dataSync()]);
          return model.call(t);
        },
        parameters: () => model.parameters(),
      },
      { x: { data: x, shape: [12, 1] }, y: { data: x, shape: [12, 1] } },
      {
        loss: meanSquaredError,
        optimizer: new SGD(model.parameters(), { learningRate: 1e-3 }),
        epochs: 3,
        batchSize: 5,
        shuffle,
        seed: 1,
      },
    );
    return [0, 1, 2].map((epoch) =>
      seen
        .slice(epoch * 3, epoch * 3 + 3)
        .flat()
        .join(),
    );
  };
  expect(new Set(await orders(false))).toEqual(new Set([x.join()]));
  const shuffled = await orders(true);
  expect(new Set(shuffled).size).toBe(3);
  for (const order of shuffled) {
    const numbers = order.split(',').map(Number);
    expect(numbers.sort((a, b) => a - b)).toEqual([...x]);
  }
});

test('an interrupted training goes on to the same bits', async () => {
  const whole = await train({ epochs: 5, seed: 2 });
  const { model, optimizer } = network();
  const options = { loss: meanSquaredError, optimizer, batchSize: 16, seed: 2 };
  const first = await fit(model, samples(50), { ...options, epochs: 2 });
  const second = await fit(model, samples(50), { ...options, epochs: 5, initialEpoch: 2 });
  expect(valuesOf(model)).toEqual(whole.values);
  expect(second.epochs).toEqual([2, 3, 4]);
  expect([...first.history.loss!, ...second.history.loss!]).toEqual(whole.history.history.loss);
});

test('validation: data of its own, or the last samples before shuffling', async () => {
  const data = samples(50);
  const tail = { x: data.x.slice([40]), y: data.y.slice([40]) };
  const own = await train({ validationData: tail, metrics: [new MeanAbsoluteError()] });
  expect(Object.keys(own.history.history)).toEqual([
    'loss',
    'meanAbsoluteError',
    'val_loss',
    'val_meanAbsoluteError',
  ]);
  const last = meanSquaredError(own.model.call(tail.x), tail.y).item();
  expect(own.history.history.val_loss!.at(-1)).toBeCloseTo(last, 6);

  const split = await train({ validationSplit: 0.2 });
  const splitLast = meanSquaredError(split.model.call(tail.x), tail.y).item();
  expect(split.history.history.val_loss!.at(-1)).toBeCloseTo(splitLast, 6);
  // Validation data go before a split: all samples are trained on.
  const both = await train({ validationData: tail, validationSplit: 0.2 });
  expect(both.values).toEqual(own.values);
  expect(both.values).not.toEqual(split.values);
});

test('sample weights: 0 leaves a sample out, in loss, update and metrics', async () => {
  const data = samples(12);
  const clean = network({ dropout: 0 });
  const options = { loss: meanSquaredError, batchSize: 12, shuffle: false };
  const half = { x: data.x.slice([0, 6]), y: data.y.slice([0, 6]) };
  const a = await fit(clean.model, half, {
    ...options,
    optimizer: clean.optimizer,
    metrics: [new MeanAbsoluteError()],
  });
  const weighted = network({ dropout: 0 });
  const sampleWeights = Array.from({ length: 12 }, (_, i) => (i < 6 ? 2 : 0));
  const b = await fit(
    weighted.model,
    { ...data, sampleWeights },
    { ...options, optimizer: weighted.optimizer, metrics: [new MeanAbsoluteError()] },
  );
  expect(b.history.loss![0]).toBeCloseTo(a.history.loss![0]!, 6);
  expect(b.history.meanAbsoluteError![0]).toBeCloseTo(a.history.meanAbsoluteError![0]!, 6);
  valuesOf(weighted.model).forEach((value, i) => {
    expect(value).toBeCloseTo(valuesOf(clean.model)[i]!, 4);
  });
  // A batch of nothing but zeros is passed over.
  const third = network({ dropout: 0 });
  const c = await fit(
    third.model,
    { ...data, sampleWeights },
    { ...options, optimizer: third.optimizer, batchSize: 6 },
  );
  expect(third.optimizer.step).toBe(1);
  expect(c.history.loss![0]).toBeCloseTo(a.history.loss![0]!, 6);
});

test('takes tensors, ndarrays with strides, typed arrays with a shape and nested arrays', async () => {
  const x = [
    [1, 2, 3],
    [4, 5, 6],
  ];
  const columns = ndarray(Float64Array.of(1, 4, 2, 5, 3, 6), [2, 3], [1, 2]);
  const forms = [x, tensor(x), columns, { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] }];
  const all: number[][] = [];
  for (const form of forms) {
    const { model, optimizer } = network();
    await fit(model, { x: form, y: [[0], [1]] }, { loss: meanSquaredError, optimizer, seed: 1 });
    all.push(valuesOf(model));
  }
  for (const values of all) expect(values).toEqual(all[0]);
});

test('bytes stay bytes, and integer labels integers', async () => {
  const images = { data: Uint8Array.from({ length: 24 }, (_, i) => i * 10), shape: [6, 2, 2] };
  const model = new Dense(4, 3);
  const seen = new Set<string>();
  await fit(
    {
      forward: (t, ctx) => {
        seen.add(`${t.dtype} ${t.shape.slice(1)}`);
        return model.call(t.cast('float32').div(255).flatten(1), ctx);
      },
      parameters: () => model.parameters(),
    },
    { x: images, y: Uint8Array.of(0, 1, 2, 0, 1, 2) },
    {
      loss: softmaxCrossEntropy,
      optimizer: new SGD(model.parameters(), { learningRate: 0.1 }),
      metrics: [new Accuracy()],
    },
  );
  expect([...seen]).toEqual(['uint8 2,2']);
});

test('two plans serve all batches of an epoch', async () => {
  const { model, optimizer } = network();
  const options = { loss: meanSquaredError, optimizer, batchSize: 16, metrics: [new MeanAbsoluteError()] };
  await fit(model, samples(50), { ...options, epochs: 1 });
  const before = backendInfo().planMisses;
  const data = samples(50);
  await Promise.all([data.x.data(), data.y.data()]);
  const computed = backendInfo().planMisses;
  await fit(model, data, { ...options, epochs: 4, initialEpoch: 1 });
  expect(computed - before).toBeLessThanOrEqual(2);
  expect(backendInfo().planMisses - computed).toBeLessThanOrEqual(1); // the draw of a seed
});

test('a step keeps no graph: predictions and loss are detached', async () => {
  const kept: Tensor[] = [];
  const spy: LossFunction = (p, y, o) => {
    const loss = meanSquaredError(p, y, o);
    kept.push(p, loss);
    return loss;
  };
  await train({ loss: spy, metrics: [new MeanAbsoluteError()] });
  expect(kept.length).toBe(24);
  for (const t of kept) expect(t.node.inputs).toEqual([]);
});

test('lets timers run while it trains', async () => {
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  const busy: Callback = {
    onBatchEnd() {
      for (const start = performance.now(); performance.now() - start < 10; );
    },
  };
  try {
    await train({ epochs: 5, callbacks: [busy] });
  } finally {
    clearInterval(timer);
  }
  expect(ticks).toBeGreaterThanOrEqual(5);
});

test('an abort signal stops between batches and keeps the last step', async () => {
  const controller = new AbortController();
  const { model, optimizer } = network();
  const ends: unknown[] = [];
  let values: number[] = [];
  const training = fit(model, samples(50), {
    loss: meanSquaredError,
    optimizer,
    epochs: 5,
    batchSize: 16,
    signal: controller.signal,
    callbacks: [
      {
        onBatchEnd({ epoch, batch }) {
          if (epoch !== 1 || batch !== 2) return;
          controller.abort();
          values = valuesOf(model);
        },
        onTrainEnd: ({ history }, error) => void ends.push(history.epochs.length, error),
      },
    ],
  });
  await expect(training).rejects.toMatchObject({ name: 'AbortError' });
  expect(optimizer.step).toBe(4 + 3);
  expect(valuesOf(model)).toEqual(values);
  expect(ends).toEqual([1, controller.signal.reason]);
  const late = network();
  await expect(
    fit(late.model, samples(5), {
      loss: meanSquaredError,
      optimizer: late.optimizer,
      signal: AbortSignal.abort('no'),
    }),
  ).rejects.toBe('no');
});

test('inference after training: the model is as it was called', async () => {
  const { model } = await train();
  const { x } = samples(4);
  expect(model.call(x, inference).shape).toEqual([4, 1]);
});

test.each([
  [{ batchSize: 0 }, '[fit] got batchSize 0'],
  [{ epochs: -1 }, '[fit] got epochs -1'],
  [{ epochs: 2, initialEpoch: 3 }, '[fit] got initialEpoch 3 and epochs 2'],
  [{ validationSplit: 1 }, '[fit] got validationSplit 1'],
  [{ validationSplit: Number.NaN }, '[fit] got validationSplit NaN'],
  [{ batchSize: null as never }, '[fit] got batchSize null'],
  [{ callbacks: [stopOnNaN as never] }, '[fit] got a function among callbacks'],
  [{ validationSplit: 0.999 }, 'leaves 0 to train on'],
  [{ loss: 'mse' as never }, "[fit] got loss 'mse', wanted a function"],
  [{ loss: (p: Tensor) => p }, '[fit] the loss function returned shape [16, 1]'],
  [{ metrics: [new Accuracy(), new Accuracy()] }, "two results are called 'accuracy'"],
  [{ seed: -1 }, 'got seed -1'],
])('refuses %o', async (options, message) => {
  await expect(train(options)).rejects.toThrow(message);
});

test('refuses data that do not fit together, before training', async () => {
  const { model, optimizer } = network();
  const before = valuesOf(model);
  const { x, y } = samples(4);
  const refused = async (data: object, message: string): Promise<void> => {
    const training = fit(model, data as { x: Tensor; y: Tensor }, { loss: meanSquaredError, optimizer });
    await expect(training).rejects.toThrow(message);
  };
  await refused({ x, y: y.slice([0, 3]) }, '[fit] x [4, 3] has 4 samples, y [3, 1] has 3.');
  await refused(
    { x: x.slice([0, 0]), y: y.slice([0, 0]) },
    '[fit] the data contain no samples: x has shape [0, 3]',
  );
  await refused({ x: 3, y }, '[fit] x is a single number');
  await refused({ x }, '[fit] got data an object, wanted { x, y }');
  await refused(
    { x, y, sampleWeights: [1, 2] },
    '[fit] sampleWeights have shape [2], wanted one weight per sample, [4], or position, [4, ...].',
  );
  await refused({ x, y, sampleWeights: [1, 2, -1, 0] }, '[fit] sampleWeights[2] is -1');
  await refused({ x, y, sampleWeights: [0, 0, 0, 0] }, '[fit] sampleWeights are all 0');
  await refused({ x: x.slice(null, [0, 2]), y }, 'Dense');
  expect(valuesOf(model)).toEqual(before);
});

test('a loss that does not use the sample weights of the data is an error', async () => {
  const model = new Dense(3, 1);
  const options = {
    loss: ((p, y) => meanSquaredError(p, y)) as LossFunction,
    optimizer: new SGD(model.parameters(), { learningRate: 0.1 }),
  };
  const data = { ...samples(4), sampleWeights: [1, 2, 0, 1] };
  await expect(fit(model, data, options)).rejects.toThrow(
    '[fit] the loss function does not use the sampleWeights. Pass its third argument on',
  );
});
