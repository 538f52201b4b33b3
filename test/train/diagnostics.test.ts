import { describe, expect, test } from 'vitest';
import type { Data } from '../../src/data/dataset.ts';
import {
  Adam,
  Dense,
  diagnostics,
  type FitOptions,
  fit,
  Generator,
  type Layer,
  meanSquaredError,
  Sequential,
  SGD,
  StateError,
  seed,
  type Tensor,
  tensor,
  ValueError,
  where,
  zeros,
} from '../../src/index.ts';
import { checkpoint } from '../../src/train/checkpoint/checkpoint.ts';
import { MemoryStore } from '../io/memory-store.ts';

const x: Tensor = new Generator(5).uniform([64, 3], -1, 1);
const y: Tensor = x.sum(1, { keepDims: true });

function network() {
  seed(3);
  return new Sequential([
    new Dense(3, 8, { activation: 'relu', name: 'hidden' }),
    new Dense(8, 8, { activation: 'tanh' }),
    new Dense(8, 1),
  ]);
}

/** The warnings of a training. */
async function warnings({
  model = network() as Layer,
  data = { x, y } as Data,
  learningRate = 0.01,
  ...options
}: { model?: Layer; data?: Data; learningRate?: number } & Partial<FitOptions> = {}): Promise<string[]> {
  const found: string[] = [];
  await fit(model, data, {
    loss: meanSquaredError,
    optimizer: new Adam(model.parameters(), { learningRate }),
    epochs: 3,
    progress: false,
    callbacks: [
      diagnostics({ data, loss: options.loss ?? meanSquaredError, warn: (text) => found.push(text) }),
    ],
    ...options,
  });
  return found;
}

test('nothing to warn of', async () => {
  expect(await warnings()).toEqual([]);
});

/** x with other values in some columns. */
const withColumns = (columns: number[], value: (x: Tensor) => Tensor | number): Tensor => {
  const is = tensor([0, 1, 2].map((c) => Number(columns.includes(c)))).greater(0);
  return where(is, value(x), x);
};

test('columns that are not scaled', async () => {
  const large = withColumns([1], (t) => t.mul(500));
  const [warning, ...others] = await warnings({ data: { x: large, y }, learningRate: 1e-6 });
  expect(warning).toMatch(/^\[diagnostics\] column 1 of x: got values up to 4\d\d\. Scale the data/);
  expect(others).toEqual([]);
  const two = withColumns([0, 2], (t) => t.mul(-500));
  expect((await warnings({ data: { x: two, y }, learningRate: 1e-6 }))[0]).toMatch('columns 0, 2 of x');
});

test('columns that are constant', async () => {
  expect(await warnings({ data: { x: withColumns([2], () => 0.5), y } })).toEqual([
    '[diagnostics] column 2 of x: got one value in all 64 samples. Leave it out.',
  ]);
});

test('labels without variance', async () => {
  const found = await warnings({ data: { x, y: y.mul(0).add(1) }, epochs: 1 });
  expect(found).toEqual([
    '[diagnostics] all 64 labels are equal, so there is nothing to learn. Check the labels, and shuffle the data.',
  ]);
});

test('dead units', async () => {
  const model = network();
  const [hidden] = model.layers as unknown as [Dense];
  await hidden.bias!.assign(tensor([-9, -9, 0.5, -9, 0.5, 0.5, 0.5, 0.5]));
  expect(await warnings({ model, learningRate: 1e-4 })).toEqual([
    "[diagnostics] 3 of 8 units of layer hidden (Dense 'hidden') are 0 for all 64 samples. Lower the learning rate, or use " +
      'leakyRelu or another initializer.',
  ]);
});

test('gradients that vanish', async () => {
  const model = network();
  // tanh of +-20 and more has no slope in float32.
  await (model.layers[1] as unknown as Dense).bias!.assign(tensor(new Array(8).fill(30)));
  const found = await warnings({ model, learningRate: 1e-4, epochs: 1 });
  expect(found.map((text) => /Parameter '([\w.]+)' vanishes/.exec(text)?.[1])).toEqual([
    'hidden.kernel',
    '1.kernel',
  ]);
});

test('gradients that explode', async () => {
  const model = network();
  const data = { x, y: y.mul(1e4) };
  const found = await warnings({ model, data, learningRate: 1e-6, epochs: 1 });
  expect(found.length).toBeGreaterThan(0);
  for (const text of found)
    expect(text).toMatch(/^\[diagnostics\] the gradient of Parameter '[\w.]+' explodes/);
});

describe('a learning rate that is too high', () => {
  const linear = () => {
    seed(3);
    return new Dense(3, 1);
  };

  test('is reported once when the loss rises', async () => {
    const model = linear();
    const optimizer = new SGD(model.parameters(), { learningRate: 1.5 });
    const found = await warnings({ model, optimizer, epochs: 4, batchSize: 64 });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(
      /^\[diagnostics\] the loss has risen from [\d.]+ to [\d.e+]+\. Lower the learning rate/,
    );
  });

  test('is not reported when it falls', async () => {
    const model = linear();
    const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
    expect(await warnings({ model, optimizer, epochs: 4, batchSize: 64 })).toEqual([]);
  });

  test('is reported once although training is resumed', async () => {
    const store = new MemoryStore();
    const run = (epochs: number) => {
      const model = linear();
      const optimizer = new SGD(model.parameters(), { learningRate: 1.5 });
      const saving = { checkpoint: checkpoint(store, { every: { epochs: 1 } }), resume: 'auto' } as const;
      return warnings({ model, optimizer, epochs, batchSize: 64, ...saving });
    };
    expect(await run(4)).toHaveLength(1);
    expect(await run(6)).toEqual([]);
  });
});

test('training has the same bits with it', async () => {
  const train = async (callbacks: FitOptions['callbacks']) => {
    const model = network();
    await warnings({ model, callbacks: callbacks ?? [] });
    return model.parameters().map((p) => p.dataSync());
  };
  const watch = diagnostics({ data: { x, y }, loss: meanSquaredError, warn: () => {} });
  expect(await train([watch])).toEqual(await train([]));
});

test('what does not fit', async () => {
  const loss = meanSquaredError;
  expect(() => diagnostics({ data: 5, loss } as never)).toThrow(ValueError);
  expect(() => diagnostics({ data: 5, loss } as never)).toThrow(
    '[diagnostics] got data 5, wanted the data of fit.',
  );
  expect(() => diagnostics({ data: { x, y }, loss: 'mse' } as never)).toThrow("[diagnostics] got loss 'mse'");
  expect(() => diagnostics({ data: { x, y }, loss, warn: 1 } as never)).toThrow('[diagnostics] got warn 1');
  const iterator = (function* () {
    yield { x: zeros([8, 3]), y: zeros([8, 1]) };
  })();
  const callbacks = [diagnostics({ data: iterator, loss })];
  await expect(warnings({ callbacks })).rejects.toThrow(StateError);
});
