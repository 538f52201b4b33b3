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
  type Loss,
  type Model,
  meanSquaredError,
  Sequential,
  SGD,
  StateError,
  seed,
  softmaxCrossEntropy,
  type Tensor,
  type Tensors,
  tensor,
  ValueError,
  where,
  zeros,
} from '../../src/index.ts';
import { checkpoint } from '../../src/train/checkpoint/checkpoint.ts';
import { MemoryStore } from '../io/memory-store.ts';
import { ByName, ByPosition, codes, kind, made, data as named, numbers, total } from './two-inputs.ts';

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

describe('several inputs and outputs', () => {
  const loss = { total: meanSquaredError, kind: softmaxCrossEntropy };

  /** The warnings of an epoch that changes hardly anything. */
  async function namedWarnings<X extends Tensors, Y extends Tensors>(
    model: Model<X, Y>,
    data: Data<NoInfer<X>, NoInfer<Y>>,
    loss: Loss<NoInfer<Y>>,
  ): Promise<string[]> {
    const found: string[] = [];
    const optimizer = new Adam(model.parameters(), { learningRate: 1e-6 });
    const watch = diagnostics<X, Y>({ data, loss, warn: (text) => found.push(text) });
    await fit<X, Y>(model, data, { loss, optimizer, callbacks: [watch], progress: false });
    return found;
  }

  test('nothing to warn of', async () => {
    expect(
      await namedWarnings(
        made(() => new ByName()),
        named,
        loss,
      ),
    ).toEqual([]);
    const byPosition = made(() => new ByPosition());
    const tuples = { x: [numbers, codes], y: [total, kind] } as const;
    expect(await namedWarnings(byPosition, tuples, [loss.total, loss.kind])).toEqual([]);
  });

  test('columns and labels have the names of their inputs and outputs', async () => {
    const wrong = {
      x: { numbers: numbers.mul(500), codes: codes.mul(tensor([0, 1])) },
      y: { total, kind: kind.mul(0) },
    };
    const equal =
      'labels of %s are equal, so there is nothing to learn. Check the labels, and shuffle the data.';
    const found = await namedWarnings(
      made(() => new ByName()),
      () => [wrong],
      loss,
    );
    expect(found.slice(0, 3)).toEqual([
      `[diagnostics] all 50 ${equal.replace('%s', "'kind'")}`,
      expect.stringMatching(/^\[diagnostics\] columns 0, 1, 2 of x\.numbers: got values up to 4\d\d\. Scale/),
      '[diagnostics] column 0 of x.codes: got one value in all 50 samples. Leave it out.',
    ]);
    const tuples = { x: [numbers, wrong.x.codes], y: [total, wrong.y.kind] } as const;
    expect(
      (
        await namedWarnings(
          made(() => new ByPosition()),
          tuples,
          [loss.total, loss.kind],
        )
      ).slice(0, 2),
    ).toEqual([
      `[diagnostics] all 50 ${equal.replace('%s', "'1'")}`,
      '[diagnostics] column 0 of x.1: got one value in all 50 samples. Leave it out.',
    ]);
  });

  test('gradients are those of the weighted sum', async () => {
    const weighted = { total: { loss: loss.total, weight: 1e5 }, kind: loss.kind };
    const found = await namedWarnings(
      made(() => new ByName()),
      named,
      weighted,
    );
    const exploding = found.map((text) => /Parameter '([\w.]+)' explodes/.exec(text)?.[1]);
    expect(exploding).toContain('total.kernel');
    expect(exploding).not.toContain('kind.kernel');
  });

  test('dead units of a layer of one input', async () => {
    const model = made(() => new WithRelu());
    await model.first.bias!.assign(tensor([-9, 0.5, -9, 0.5]));
    expect(await namedWarnings(model, named, loss)).toEqual([
      '[diagnostics] 2 of 4 units of layer first (Dense) are 0 for all 50 samples. Lower the learning rate, or use leakyRelu ' +
        'or another initializer.',
    ]);
  });

  test('a loss of an output that the model does not have', async () => {
    const watch = diagnostics({ data: named, loss: { mpg: meanSquaredError } as never });
    const model = made(() => new ByName());
    const optimizer = new Adam(model.parameters());
    const training = fit(model, named, { loss, optimizer, callbacks: [watch], progress: false });
    await expect(training).rejects.toThrow(
      "[diagnostics] got a loss or metrics of 'mpg' for a model with the outputs total, kind.",
    );
  });
});

class WithRelu extends ByName {
  override readonly first = new Dense(3, 4, { activation: 'relu' });
}

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
