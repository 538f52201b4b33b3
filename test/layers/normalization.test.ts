import { describe, expect, test } from 'vitest';
import { ShapeError, ValueError } from '../../src/ir/errors.ts';
import {
  BatchNorm,
  Conv2D,
  Dense,
  GroupNorm,
  LayerNorm,
  Sequential,
  training,
} from '../../src/layers/index.ts';
import { SGD } from '../../src/optim/index.ts';
import { backendInfo } from '../../src/runtime/backends.ts';
import { tensor, zeros } from '../../src/tensor/creation.ts';
import { explain } from '../../src/tensor/evaluate.ts';
import { gradients } from '../../src/tensor/gradients.ts';
import { Generator } from '../../src/tensor/random.ts';
import { explainAssignments } from '../../src/tensor/step.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { assertClose, gradcheck } from '../../src/testing.ts';

// Values, gradients and running statistics against PyTorch stand in reference.test.ts.

const loose = (...shape: number[]): Tensor => zeros(shape);
const rng = () => new Generator(5);

/** The kernels of a printed plan: its lines `k0 name: for [shape]`, without their numbers. */
const kernels = (plan: string): string[] =>
  plan.match(/^ {2}k\d+ .*$/gm)!.map((line) => line.trim().replace(/^k\d+ /, ''));

describe('BatchNorm', () => {
  test('gives each channel mean 0 and variance 1 while training', () => {
    const x = rng().normal([64, 5, 5, 3], 7, 3);
    const y = new BatchNorm(3).call(x, training());
    assertClose(y.mean([0, 1, 2]).dataSync(), [0, 0, 0], { absolute: 1e-5 });
    assertClose(y.square().mean([0, 1, 2]).dataSync(), [1, 1, 1], { absolute: 1e-4 });
  });

  test('begins with the identity in inference', () => {
    const x = rng().normal([4, 3]);
    assertClose(new BatchNorm(3, { epsilon: 0 }).call(x), x);
    assertClose(new BatchNorm(3, { epsilon: 0, scale: false, center: false }).call(x), x);
  });

  test.each([
    [{}, [[2.25, 5]]],
    [{ scale: false }, [[3.25, 4.5]]],
    [{ center: false }, [[-0.75, 6]]],
    [{ scale: false, center: false }, [[0.25, 5.5]]],
  ])('in inference it is gamma (x - mean) / sqrt(variance + epsilon) + beta: %j', async (options, wanted) => {
    const layer = new BatchNorm(2, { ...options, epsilon: 0.5 });
    await layer.gamma?.assign([-3, 12 / 11]);
    await layer.beta?.assign([3, -1]);
    await layer.runningMean.assign([1, -8]);
    await layer.runningVariance.assign([15.5, 3.5]);
    assertClose(layer.call(tensor([[2, 3]])), wanted);
  });

  test('variances of numbers far from 0 are right', async () => {
    const layer = new BatchNorm(1, { momentum: 0 });
    const near = rng().normal([5000, 1]);
    // In float32 the mean of squares, 1e8, is known to within 4 only.
    const far = near.mul(4).round().add(10_000);
    const context = training();
    const loss = layer.call(far, context).sum();
    await new SGD(layer.parameters(), { learningRate: 0 }).minimize(loss, { context });
    const numbers = [...far.dataSync()];
    const mean = numbers.reduce((a, b) => a + b) / 5000;
    const variance = numbers.reduce((a, b) => a + (b - mean) ** 2, 0) / 4999;
    assertClose(layer.runningMean, [mean], { relative: 1e-6 });
    assertClose(layer.runningVariance, [variance], { relative: 1e-4 });
  });

  test('running statistics move once a step, in its plan, and not when the layer is only called', async () => {
    const layer = new BatchNorm(2, { momentum: 0.5 });
    const optimizer = new SGD(layer.parameters(), { learningRate: 0 });
    const x = tensor([
      [1, 10],
      [3, 30],
    ]);
    const context = training();
    let misses = 0;
    for (let i = 1; i <= 3; i++) {
      await optimizer.minimize(layer.call(x, context).sum(), { context });
      expect(layer.runningMean.version).toBe(i);
      if (i === 1) misses = backendInfo().planMisses;
    }
    expect(backendInfo().planMisses).toBe(misses);
    expect(layer.runningMean.toArray()).toEqual([1.75, 17.5]);
    // 1 / 8 is left of the first variance, 1; those of the batch are 2 and 200.
    expect(layer.runningVariance.toArray()).toEqual([0.125 + 0.875 * 2, 0.125 + 0.875 * 200]);
    await layer.call(x, training()).data();
    layer.call(x);
    expect(layer.runningMean.version).toBe(3);
  });

  test('called twice in a step, the second goes on from the first', async () => {
    const layer = new BatchNorm(1, { momentum: 0.5 });
    const context = training();
    const [a, b] = [tensor([[2], [4]]), tensor([[10], [20]])];
    const loss = layer.call(a, context).add(layer.call(b, context)).sum();
    await new SGD(layer.parameters(), { learningRate: 0 }).minimize(loss, { context });
    expect(layer.runningMean.toArray()).toEqual([(3 / 2 + 15) / 2]);
  });

  test('running statistics are never trained; frozen, they are used and stay', async () => {
    const norm = new BatchNorm(2, { gammaInitializer: 'normal', rng: rng() });
    const model = new Sequential([norm, new Dense(2, 1)]);
    const trainable = () => model.namedParameters().map(([path, p]) => [path, p.trainable]);
    const fresh = [
      ['0.gamma', true],
      ['0.beta', true],
      ['0.runningMean', false],
      ['0.runningVariance', false],
      ['1.kernel', true],
      ['1.bias', true],
    ];
    expect(trainable()).toEqual(fresh);
    norm.freeze();
    expect(norm.frozen).toBe(true);
    expect(model.frozen).toBe(false);
    expect(trainable().map(([, t]) => t)).toEqual([false, false, false, false, true, true]);

    const x = rng().normal([6, 2], 5);
    const context = training();
    const y = norm.call(x, context);
    expect(context.assignments).toEqual([]);
    expect(y.dataSync()).toEqual(norm.call(x).dataSync());
    await new SGD(model.parameters(), { learningRate: 1 }).minimize(model.call(x, context).sum(), {
      context,
    });
    expect(norm.runningMean.toArray()).toEqual([0, 0]);

    model.freeze();
    model.unfreeze();
    expect(norm.frozen).toBe(false);
    expect(trainable()).toEqual(fresh);
    norm.call(x, context);
    expect(context.assignments.map(([p]) => p)).toEqual([norm.runningMean, norm.runningVariance]);
  });

  test('a training batch of one value a channel is an error, in inference it is none', () => {
    const layer = new BatchNorm(3);
    expect(() => layer.call(loose(1, 3), training())).toThrow(ShapeError);
    expect(() => layer.call(loose(1, 3), training())).toThrow(
      '[BatchNorm] a training batch [1, 3] with 1 value per channel has no variance, wanted 2 or more.',
    );
    expect(() => layer.call(loose(0, 4, 3), training())).toThrow('[0, 4, 3] with 0 values per channel');
    expect(layer.call(loose(1, 3)).shape).toEqual([1, 3]);
    expect(layer.call(loose(1, 2, 3), training()).shape).toEqual([1, 2, 3]);
  });

  test('takes integers', () => {
    const x = tensor([[1], [3]], { dtype: 'uint8' });
    assertClose(new BatchNorm(1, { epsilon: 0 }).call(x, training()), [[-1], [1]]);
    assertClose(new BatchNorm(1, { epsilon: 0 }).call(x), [[1], [3]]);
  });

  test('in inference it joins the kernel of the convolution before it', () => {
    const model = new Sequential([
      new Conv2D(3, 8, 3, { bias: false }),
      new BatchNorm(8),
      new Conv2D(8, 4, 3, { padding: 1 }),
      new BatchNorm(4),
    ]);
    const plan = explain(model.call(rng().normal([2, 9, 9, 3]).relu()));
    const large = kernels(plan).filter((line) => !/: for \[\d+\]$/.test(line));
    const convolutions = large.filter((line) => line.startsWith('conv '));
    expect(convolutions).toHaveLength(2);
    for (const line of convolutions) expect(line).toMatch(/^conv .*mul.*add.*: for/);
    // The rest makes the input and margins.
    for (const line of large) expect(line.startsWith('conv ') || !/mul|add|sub/.test(line)).toBe(true);
  });

  test('a training step goes over the data three times forwards and three times backwards', () => {
    const layer = new BatchNorm(32);
    const x = tensor(rng().normal([8, 4, 4, 32]).dataSync(), { shape: [8, 4, 4, 32] });
    const g = tensor(rng().normal([8, 4, 4, 32]).dataSync(), { shape: [8, 4, 4, 32] });
    const context = training();
    const y = layer.call(x, context).relu();
    const results = gradients(y.mul(g).sum(), [x, layer.gamma!, layer.beta!]);
    const plan = explainAssignments({ results: [y, ...results], assignments: context.take() });
    const passes = kernels(plan).filter((line) => !line.endsWith(': for [32]')).length;
    const sums = plan.match(/sum over \[8,4,4\]/g)!.length;
    expect({ passes, sums }).toEqual({ passes: 2, sums: 4 });
    // All else is small, and little of it.
    expect(kernels(plan).length - passes - sums).toBeLessThan(3);
  });

  test('gradients', async () => {
    const layer = new BatchNorm(2, {
      epsilon: 0.1,
      gammaInitializer: 'normal',
      betaInitializer: 'normal',
      rng: rng(),
    });
    const x = rng().normal([3, 2, 2, 2]);
    const trained = [x, layer.gamma!, layer.beta!];
    await gradcheck((...inputs) => layer.call(inputs[0]!, training()), trained, { order: 2 });
    await gradcheck((...inputs) => layer.call(inputs[0]!), [x, ...layer.parameters()]);
  });

  test.each([
    [() => new BatchNorm(0), '[BatchNorm] got features 0, wanted a whole number from 1 up.'],
    [
      () => new BatchNorm(1, { momentum: 1 }),
      '[BatchNorm] got momentum 1, wanted a number with 0 <= momentum < 1.',
    ],
    [
      () => new BatchNorm(1, { epsilon: -1 }),
      '[BatchNorm] got epsilon -1, wanted a finite number from 0 up.',
    ],
    [() => new GroupNorm(3, 4), '[GroupNorm] got 3 groups for features 4, wanted a divisor of it.'],
    [() => new LayerNorm(1.5), '[LayerNorm] got features 1.5, wanted a whole number from 1 up.'],
    [
      () => new LayerNorm(2, { epsilon: Number.NaN }),
      '[LayerNorm] got epsilon NaN, wanted a finite number from 0 up.',
    ],
  ])('refuses: %#', (make, text) => {
    expect(make).toThrow(ValueError);
    expect(make).toThrow(text);
  });

  test('says what does not fit', () => {
    const layer = new BatchNorm(3, { name: 'norm' });
    expect(() => layer.call(loose(2, 5, 5, 4))).toThrow(ShapeError);
    expect(() => layer.call(loose(2, 5, 5, 4))).toThrow(
      "[BatchNorm 'norm'] input [2, 5, 5, 4] does not fit features 3. Create the layer with features 4, the size of the last axis.",
    );
    expect(() => layer.call(loose(2, 3, 5, 5))).toThrow('Channels are the last axis: transpose the data.');
    expect(() => layer.call(loose(3))).toThrow(
      "[BatchNorm 'norm'] input [3] does not fit features 3. Give [N, ..., features].",
    );
  });
});

describe('LayerNorm', () => {
  test('is the same in training, and of each row by itself', () => {
    const layer = new LayerNorm(4);
    const x = rng().normal([3, 5, 4]);
    const context = training();
    const y = layer.call(x, context);
    expect(context.assignments).toEqual([]);
    expect(y.dataSync()).toEqual(layer.call(x).dataSync());
    expect(layer.call(x.slice([1, 2])).dataSync()).toEqual(y.slice([1, 2]).dataSync());
    expect(layer.namedParameters().map(([name]) => name)).toEqual(['gamma', 'beta']);
  });

  test('gradients', async () => {
    const layer = new LayerNorm(3, {
      epsilon: 0.1,
      gammaInitializer: 'normal',
      betaInitializer: 'normal',
      rng: rng(),
    });
    const x = rng().normal([4, 3]);
    await gradcheck((...inputs) => layer.call(inputs[0]!), [x, ...layer.parameters()], { order: 2 });
  });
});
