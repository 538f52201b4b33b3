import { expect, test } from 'vitest';
import { NonFiniteError } from '../../src/ir/errors.ts';
import { Activation, type Context, Dense, Dropout, Layer, Sequential } from '../../src/layers/index.ts';
import { meanSquaredError } from '../../src/losses/index.ts';
import { SGD } from '../../src/optim/index.ts';
import { tensor } from '../../src/tensor/creation.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import {
  type FitOptions,
  fit,
  type LossFunction,
  type Model,
  type NaNLoss,
  stopOnNaN,
} from '../../src/train/index.ts';
import { samples, valuesOf } from './support.ts';

const run = (model: Model, options: Partial<FitOptions> = {}, data = samples(12)) =>
  fit(model, data, {
    loss: meanSquaredError,
    optimizer: new SGD(model.parameters(), { learningRate: 0.01 }),
    epochs: 3,
    batchSize: 4,
    seed: 1,
    ...options,
  });

/** log(x) from the given call of `forward` on. */
class Logarithm extends Layer {
  private calls = 0;
  private readonly from: number;

  constructor(from: number) {
    super('log');
    this.from = from;
  }

  override forward(x: Tensor): Tensor {
    return this.calls++ < this.from ? x : x.square().neg().sub(1).log();
  }
}

class Residual extends Layer {
  readonly inner = new Sequential([new Dense(3, 3), new Logarithm(0)]);

  override forward(x: Tensor, ctx: Context): Tensor {
    return x.add(this.inner.call(x, ctx) as Tensor);
  }
}

test('names the layer, the epoch and the step, and overwrites nothing', async () => {
  const model: Layer = new Sequential([new Dense(3, 4), new Dropout(0.5), new Logarithm(4), new Dense(4, 1)]);
  const optimizer = new SGD(model.parameters(), { learningRate: 0.01 });
  let values: number[] = [];
  const training = run(model, {
    optimizer,
    callbacks: [
      {
        onBatchEnd() {
          values = valuesOf(model);
        },
      },
    ],
  });
  await expect(training).rejects.toThrow(
    "[fit] epoch 2 of 3, step 5: the loss is NaN: layer log (Logarithm 'log') is the first whose output contains NaN.",
  );
  expect(valuesOf(model)).toEqual(values);
  expect(values.every(Number.isFinite)).toBe(true);
  expect(optimizer.step).toBe(4);
});

test('names nested layers by their path, the innermost first', async () => {
  const model = new Sequential([new Dense(3, 3), new Residual(), new Dense(3, 1)]);
  await expect(run(model)).rejects.toThrow("layer 1.inner.log (Logarithm 'log') is the first");
});

test('names a layer of the structure that is no Sequential', async () => {
  class Wrong extends Layer {
    readonly dense = new Dense(3, 1);
    override forward(x: Tensor, ctx: Context): Tensor {
      return (this.dense.call(x as Tensor<[number, 3]>, ctx) as Tensor).mul(1e30).mul(1e30).mul(0);
    }
  }
  await expect(run(new Wrong())).rejects.toThrow('layer Wrong is the first whose output contains NaN');
});

test('names the Parameter that is not finite', async () => {
  const model: Layer = new Sequential([new Dense(3, 4), new Dense(4, 1)]);
  await model.parameters()[3]!.assign([Number.POSITIVE_INFINITY]);
  await model.parameters()[2]!.assign([[Number.NaN], [0], [0], [0]]);
  await expect(run(model)).rejects.toThrow(
    "epoch 1 of 3, step 1: the loss is NaN: Parameter '1.kernel' contains NaN, from its initial values or an earlier update.",
  );
});

test('the last step is checked too: a new value that overflows is not written', async () => {
  const model = new Dense(3, 1);
  const before = valuesOf(model);
  const optimizer = new SGD(model.parameters(), { learningRate: 3e38 });
  const { x, y } = samples(12);
  await expect(run(model, { optimizer, batchSize: 12, epochs: 1 }, { x, y: y.mul(100) })).rejects.toThrow(
    "[fit] epoch 1 of 1, step 1: the new value of 'kernel' is NaN or infinite. Nothing was overwritten.",
  );
  expect(valuesOf(model)).toEqual(before);
});

test('names the Parameter whose gradient is not defined', async () => {
  const model: Layer = new Sequential([
    new Dense(3, 2, { kernelInitializer: 'zeros' }),
    new Activation(root),
  ]);
  const before = valuesOf(model);
  const loss: LossFunction = (p, y) => meanSquaredError(p.sum(1, { keepDims: true }), y);
  const text = "the loss is finite, but the gradient of Parameter '0.kernel' contains NaN";
  await expect(run(model, { loss })).rejects.toThrow(text);
  expect(valuesOf(model)).toEqual(before);
  const { stopped } = await run(model, { loss, callbacks: [stopOnNaN()] });
  expect(stopped).toContain(text);
});

const root = (x: Tensor): Tensor => x.square().sqrt();

test('an infinite label is found, and stopOnNaN stops at it', async () => {
  const { x, y } = samples(12);
  const labels = y.toArray() as number[][];
  labels[3]![0] = Number.POSITIVE_INFINITY;
  const data = { x, y: tensor(labels) };
  const model = new Dense(3, 1);
  await expect(run(model, {}, data)).rejects.toThrow(NonFiniteError);
  const { stopped } = await run(model, { callbacks: [stopOnNaN()] }, data);
  expect(stopped).toContain('the loss is Infinity: y of the batch contains Infinity');
  expect(valuesOf(model).every(Number.isFinite)).toBe(true);
});

test('names the data', async () => {
  const { x, y } = samples(12);
  const bad = x.toArray() as number[][];
  bad[7]![1] = Number.NaN;
  await expect(run(new Dense(3, 1), {}, { x: tensor(bad), y })).rejects.toThrow(
    'x of the batch contains NaN. Clean the data.',
  );
  const labels = y.toArray() as number[][];
  labels[3]![0] = Number.NaN;
  await expect(run(new Dense(3, 1), {}, { x, y: tensor(labels) })).rejects.toThrow(
    'y of the batch contains NaN',
  );
});

test('names the loss function, and the output of a model that is no Layer', async () => {
  const loss: LossFunction = (p, y) => meanSquaredError(p, y).neg().sub(1).log();
  await expect(run(new Dense(3, 1), { loss })).rejects.toThrow('the loss function causes it');
  const dense: Layer = new Dense(3, 1);
  const model: Model = {
    forward: (x, ctx) => dense.call(x, ctx).square().neg().sub(1).log(),
    parameters: () => dense.parameters(),
  };
  await expect(run(model)).rejects.toThrow(
    "the model's output contains NaN, but its Parameters and its input are finite",
  );
});

test('stopOnNaN ends training with the reason', async () => {
  const model: Layer = new Sequential([new Dense(3, 1), new Logarithm(4)]);
  const problems: NaNLoss[] = [];
  const { epochs, history, stopped } = await run(model, {
    callbacks: [stopOnNaN(), { onNaN: (problem) => void problems.push(problem) }],
  });
  expect(epochs).toEqual([0]);
  expect(history.loss).toHaveLength(1);
  expect(stopped).toMatch(/^\[fit\] epoch 2 of 3, step 5: the loss is NaN: layer log/);
  expect(problems).toEqual([{ epoch: 1, batch: 1, step: 4, message: stopped }]);
});

test('other errors of a step are passed on', async () => {
  const model = new Sequential([new Dense(3, 2), new Activation('relu')]);
  const wrong: LossFunction = (p, y) => meanSquaredError(p, y.cast('int32').flatten().mul(9).oneHot(2));
  const data = { x: samples(12).x, y: tensor(Array.from({ length: 12 }, () => [1])) };
  await expect(run(model, { loss: wrong }, data)).rejects.toThrow('[oneHot] label 9 is out of range');
});

test('looks at the same batch with the same elements dropped', async () => {
  const dropped: Tensor[] = [];
  const [dropout, dense]: Layer[] = [new Dropout(0.5), new Dense(3, 1)];
  const model: Model = {
    forward(x, ctx) {
      dropped.push(dropout!.call(x, ctx));
      return dense!.call(dropped.at(-1)!, ctx).mul(Number.NaN);
    },
    parameters: () => dense!.parameters(),
  };
  await expect(run(model)).rejects.toThrow('the loss is NaN');
  expect(dropped).toHaveLength(2);
  expect(dropped[0]!.toArray()).toEqual(dropped[1]!.toArray());
});
