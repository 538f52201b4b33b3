import { describe, expect, test } from 'vitest';
import { ShapeError, StateError, ValueError } from '../../src/ir/errors.ts';
import {
  Activation,
  type ActivationFunction,
  type ActivationName,
  activations,
  Dense,
  Dropout,
  Flatten,
  inference,
  Sequential,
  training,
} from '../../src/layers/index.ts';
import { ones, tensor, zeros } from '../../src/tensor/creation.ts';
import { gradients } from '../../src/tensor/gradients.ts';
import * as ops from '../../src/tensor/ops/index.ts';
import { Generator, seed } from '../../src/tensor/random.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { gradcheck } from '../../src/testing.ts';

describe('Dense', () => {
  test('is activation(x W + b)', async () => {
    const layer = new Dense(2, 3, { activation: 'relu' });
    await layer.kernel.assign([
      [1, 2, 3],
      [4, 5, -6],
    ]);
    await layer.bias!.assign([0.5, 0, -1]);
    const x = tensor(
      [
        [1, 1],
        [2, -1],
      ],
      { shape: [2, 2] },
    );
    expect(layer.call(x).toArray()).toEqual([
      [5.5, 7, 0],
      [0, 0, 11],
    ]);
    expect(layer.forward(x).shape).toEqual([2, 3]);
  });

  test('without a bias', () => {
    const layer = new Dense(2, 3, { bias: false });
    expect(layer.bias).toBeNull();
    expect(layer.parameters()).toEqual([layer.kernel]);
  });

  test('draws from the default generator, or from the given one', () => {
    seed(5);
    const a = new Dense(4, 4);
    seed(5);
    const b = new Dense(4, 4);
    const c = new Dense(4, 4);
    expect(b.kernel.dataSync()).toEqual(a.kernel.dataSync());
    expect(c.kernel.dataSync()).not.toEqual(a.kernel.dataSync());
    const rng = (): Generator => new Generator(9);
    expect(new Dense(4, 4, { rng: rng() }).kernel.dataSync()).toEqual(
      new Dense(4, 4, { rng: rng() }).kernel.dataSync(),
    );
  });

  test('takes initialisers by name and as functions', () => {
    const layer = new Dense(2, 3, {
      kernelInitializer: 'ones',
      biasInitializer: (shape) => tensor([1, 2, 3], { shape }),
    });
    expect(layer.kernel.toArray()).toEqual([
      [1, 1, 1],
      [1, 1, 1],
    ]);
    expect(layer.bias!.toArray()).toEqual([1, 2, 3]);
    expect(() => new Dense(2, 3, { kernelInitializer: 'best' as never })).toThrow(
      "[Dense] got initializer 'best', wanted one of zeros, ones, normal,",
    );
    expect(() => new Dense(2, 3, { kernelInitializer: () => zeros([3, 2]) })).toThrow(
      '[Dense] got initial values of shape [3, 2], wanted [2, 3].',
    );
    expect(() => new Dense(2, 3, { kernelInitializer: (shape) => zeros(shape, 'int32') })).toThrow(
      '[Dense] got int32 initial values, wanted float32.',
    );
  });

  test.each([0, -1, 1.5, Number.NaN])('refuses %d features', (n) => {
    expect(() => new Dense(n, 1)).toThrow(ValueError);
    expect(() => new Dense(1, n)).toThrow(`[Dense] got outFeatures ${n}, wanted a whole number from 1 up.`);
  });

  test('says what does not fit', () => {
    const layer = new Dense(784, 10, { name: 'hidden' });
    expect(() => layer.call(zeros([32, 100] as number[]))).toThrow(ShapeError);
    expect(() => layer.call(zeros([32, 100] as number[]))).toThrow(
      "[Dense 'hidden'] input [32, 100] does not fit inFeatures 784. Give [N, 784], or create the layer with inFeatures 100.",
    );
    expect(() => layer.call(zeros([784] as number[]))).toThrow(
      "[Dense 'hidden'] input [784] does not fit inFeatures 784. Give [N, 784]: use reshape([1, -1]) for a single sample.",
    );
  });

  test('gradients', async () => {
    const layer = new Dense(3, 2, { activation: 'tanh', biasInitializer: 'normal', rng: new Generator(1) });
    const x = new Generator(2).normal([4, 3]);
    const report = await gradcheck((...inputs) => layer.call(inputs[0]!), [x, ...layer.parameters()]);
    expect(report.checked).toBe(12 + 6 + 2);
  });
});

describe('Dropout', () => {
  const x = new Generator(3).normal([200, 50]);

  test('zeroes a share of the elements and divides the others by 1 - rate', () => {
    const y = new Dropout(0.2).call(x, training({ rng: new Generator(7) })).dataSync();
    const before = x.dataSync();
    const dropped = y.filter((v) => v === 0).length;
    expect(dropped / y.length).toBeCloseTo(0.2, 1);
    y.forEach((v, i) => {
      if (v !== 0) expect(Math.abs(v - before[i]! / 0.8)).toBeLessThan(1e-6);
    });
  });

  test('keeps the mean of ones', () => {
    const y = new Dropout(0.5).call(ones([1000, 100]), training({ rng: new Generator(7) }));
    expect(y.mean().item()).toBeCloseTo(1, 2);
  });

  test('is the identity in inference and at rate 0', () => {
    expect(new Dropout(0.5).forward(x, inference)).toBe(x);
    const rng = new Generator(1);
    expect(new Dropout(0).forward(x, training({ rng }))).toBe(x);
    expect(rng.getState()).toEqual(new Generator(1).getState());
  });

  test('backward sees the mask of forward', () => {
    const one = ones([100]);
    const leaf = tensor(one.dataSync());
    const y = new Dropout(0.5).call(leaf, training({ rng: new Generator(1) }));
    expect(gradients(y.sum(), [leaf])[0]!.dataSync()).toEqual(y.dataSync());
  });

  test('masks differ from call to call and come again from the seed', () => {
    const layer = new Dropout(0.5);
    const masks = (): Iterable<unknown>[] => {
      const ctx = training({ rng: new Generator(4) });
      return [layer.call(x, ctx).dataSync(), layer.call(x, ctx).dataSync()];
    };
    const [a, b] = masks();
    expect(a).not.toEqual(b);
    expect(masks()).toEqual([a, b]);
  });

  test('a dropped NaN does no harm', () => {
    const nan = tensor([Number.NaN]);
    const seeds = Array.from({ length: 20 }, (_, i) => i);
    const values = seeds.map((s) => new Dropout(0.5).call(nan, training({ rng: new Generator(s) })).item());
    expect(values).toContain(0);
    expect(values.some(Number.isNaN)).toBe(true);
  });

  test.each([1, -0.1, 1.5, Number.NaN])('refuses the rate %d', (rate) => {
    expect(() => new Dropout(rate)).toThrow(
      `[Dropout] got rate ${rate}, wanted a probability with 0 <= rate < 1.`,
    );
  });
});

describe('Activation', () => {
  const x = tensor([
    [-2, -0.5, 0],
    [0.5, 2, 4],
  ]);

  test.each(Object.keys(activations) as ActivationName[])('%s', (name) => {
    const functions = { ...ops, linear: (t: Tensor) => t };
    const wanted = (functions[name] as ActivationFunction)(x);
    expect(new Activation(name).call(x).dataSync()).toEqual(wanted.dataSync());
    expect(new Dense(3, 3, { activation: name }).call(x).shape).toEqual([2, 3]);
  });

  test('takes a function', () => {
    expect(new Activation(ops.relu).call(x).dataSync()).toEqual(x.relu().dataSync());
    expect(new Activation(ops.relu).type).toBe('Activation(relu)');
    expect(() => new Activation((t) => t.sum()).call(x)).toThrow(
      '[Activation] the function returned [] for [2, 3], wanted the same shape. Write a custom Layer for it.',
    );
  });

  test('refuses an unknown name', () => {
    expect(() => new Activation('rleu' as never)).toThrow(
      "[Activation] got activation 'rleu', wanted one of celu, elu, gelu, hardSigmoid, hardSwish, hardTanh, leakyRelu, linear, logSigmoid, logSoftmax, mish, relu, relu6, selu, sigmoid, silu, softmax, softplus, softsign, tanh, or a function.",
    );
  });
});

describe('Flatten', () => {
  test('keeps the batch axis', () => {
    const flatten = new Flatten();
    expect(flatten.call(zeros([5, 28, 28])).shape).toEqual([5, 784]);
    expect(flatten.call(zeros([5])).shape).toEqual([5, 1]);
    expect(flatten.call(zeros([0, 2, 3])).shape).toEqual([0, 6]);
    expect(flatten.call(zeros([2, 0, 3])).shape).toEqual([2, 0]);
    expect(() => flatten.call(zeros([]))).toThrow('[Flatten] input [] has no batch axis. Give [N, ...].');
  });
});

describe('contexts', () => {
  test('inference has no random numbers and assigns nothing', () => {
    expect(() => inference.rng).toThrow(StateError);
    expect(() => inference.rng).toThrow(
      '[inference] got a request for random numbers, wanted none outside training.',
    );
    const { kernel } = new Dense(1, 1);
    expect(() => inference.assign(kernel, kernel)).toThrow(
      "[inference] got an assignment to 'kernel', wanted none outside training.",
    );
    expect(inference.latest(kernel)).toBe(kernel);
  });

  test('onOutput hears of every layer, inner ones first', () => {
    const heard: string[] = [];
    const model = new Sequential([new Dense(3, 2), new Activation('relu')]);
    model.call(zeros([4, 3]), training({ onOutput: (layer, y) => heard.push(`${layer.type} [${y.shape}]`) }));
    expect(heard).toEqual(['Dense [4,2]', 'Activation(relu) [4,2]', 'Sequential [4,2]']);
  });
});
