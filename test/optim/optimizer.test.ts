import { describe, expect, test } from 'vitest';
import { NonFiniteError, ShapeError, StateError, ValueError } from '../../src/ir/errors.ts';
import { BatchNorm, training } from '../../src/layers/index.ts';
import {
  Adam,
  AdamW,
  Lion,
  Optimizer,
  type OptimizerState,
  RMSprop,
  SGD,
  type Slots,
  type Update,
} from '../../src/optim/index.ts';
import { backendInfo } from '../../src/runtime/backends.ts';
import { tensor } from '../../src/tensor/creation.ts';
import { oneHot } from '../../src/tensor/ops/index.ts';
import { Parameter } from '../../src/tensor/parameter.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';

const parameter = (values: number[], name: string): Parameter =>
  new Parameter<readonly number[]>(tensor(values), { name });

const squared = (p: Tensor, target: number): Tensor => p.sub(target).square().sum();

/** Gradient descent that keeps the sum of the gradients times 1e20. */
class Scaled extends Optimizer<'total'> {
  constructor(parameters: readonly Parameter[]) {
    super(parameters, { learningRate: 0.5 }, ['total']);
  }

  protected override update(p: Tensor, g: Tensor, { total }: Slots<'total'>, rate: number): Update<'total'> {
    return { value: p.sub(g.mul(rate)), slots: { total: total.add(g.mul(1e20)) } };
  }
}

describe('minimize', () => {
  test('takes a step and gives back the loss and more, computed and detached', async () => {
    const p = parameter([1, 2], 'p');
    const doubled = p.mul(2);
    const loss = doubled.sum();
    const runs = (): number => backendInfo().planMisses + backendInfo().planHits;
    const before = runs();
    await new SGD([p], { learningRate: 0.5 }).minimize(loss, { also: [doubled] });
    expect(runs() - before, 'plans run').toBe(1);
    expect(p.toArray()).toEqual([0, 1]);
    expect(loss.item()).toBe(6);
    expect(doubled.toArray()).toEqual([2, 4]);
    expect(loss.node.inputs).toEqual([]);
    expect(doubled.node.inputs).toEqual([]);
    expect(p.version).toBe(1);
  });

  test('takes a loss that was read before', async () => {
    const p = parameter([1], 'p');
    const loss = squared(p, 0);
    expect(await loss.data()).toEqual(Float32Array.of(1));
    await new SGD([p], { learningRate: 0.5 }).minimize(loss);
    expect(p.toArray()).toEqual([0]);
  });

  test('finds the minimum', async () => {
    const p = parameter([-3, 0, 8], 'p');
    const optimizer = new Adam([p], { learningRate: 0.1 });
    for (let i = 0; i < 400; i++) await optimizer.minimize(squared(p, 5));
    for (const x of p.dataSync()) expect(x).toBeCloseTo(5, 3);
  });

  test('skips what is frozen and goes on when it thaws', async () => {
    const [a, b] = [parameter([1], 'a'), parameter([1], 'b')];
    const optimizer = new Adam([a, b], { learningRate: 0.5 });
    b.trainable = false;
    await optimizer.minimize(squared(a, 0).add(squared(b, 0)));
    expect(b.toArray()).toEqual([1]);
    expect(b.version).toBe(0);
    expect(a.item()).toBeLessThan(1);
    b.trainable = true;
    await optimizer.minimize(squared(a, 0).add(squared(b, 0)));
    expect(b.item()).toBeLessThan(1);
  });

  test('counts a Parameter that is given twice once', async () => {
    const p = parameter([1], 'p');
    await new SGD([p, p], { learningRate: 0.25 }).minimize(squared(p, 0));
    expect(p.toArray()).toEqual([0.5]);
  });

  test('the learning rate may be changed between steps', async () => {
    const p = parameter([0], 'p');
    const optimizer = new SGD([p], { learningRate: 1 });
    await optimizer.minimize(p.sum());
    optimizer.learningRate = (step) => step * 10;
    expect(optimizer.currentLearningRate).toBe(10);
    await optimizer.minimize(p.sum());
    expect(p.toArray()).toEqual([-11]);
  });

  test('steps that are not waited for run in order', async () => {
    const p = parameter([0], 'p');
    const optimizer = new SGD([p], { learningRate: 1 });
    await Promise.all([optimizer.minimize(p.sum()), optimizer.minimize(p.mul(p.add(3)).sum())]);
    // -1, then -1 - (2 * -1 + 3)
    expect(p.toArray()).toEqual([-2]);
    expect(optimizer.step).toBe(2);
  });
});

describe('errors', () => {
  test('a Parameter that the loss does not reach is named', async () => {
    const [a, b] = [parameter([1], 'a'), parameter([1], 'hidden.bias')];
    const optimizer = new Adam([a, b]);
    await expect(optimizer.minimize(squared(a, 0))).rejects.toThrow(
      "[minimize] the loss does not depend on Parameter 'hidden.bias'. " +
        'Use it in the forward pass, freeze it (trainable = false), or leave it out of the optimizer.',
    );
    expect(optimizer.step).toBe(0);
    expect(a.version).toBe(0);
    b.trainable = false;
    await optimizer.minimize(squared(a, 0));
    expect(optimizer.step).toBe(1);
  });

  test('a loss of an older version says so', async () => {
    const p = parameter([1], 'p');
    const old = squared(p, 0);
    await p.assign([2]);
    const step = new SGD([p], { learningRate: 1 }).minimize(old);
    await expect(step).rejects.toThrow(StateError);
    await expect(step).rejects.toThrow("built on an older version of Parameter 'p'");
  });

  test('a loss that was minimized before says so', async () => {
    const p = parameter([1], 'p');
    const optimizer = new SGD([p], { learningRate: 1 });
    const loss = squared(p, 0);
    await optimizer.minimize(loss);
    await expect(optimizer.minimize(loss)).rejects.toThrow('was minimized before');
  });

  test('a NaN loss names the step and overwrites nothing', async () => {
    const p = parameter([1], 'p');
    const optimizer = new Adam([p]);
    await optimizer.minimize(squared(p, 0));
    const state = await optimizer.getState();
    const values = p.dataSync();
    const bad = p.sub(2).log().sum();
    await expect(optimizer.minimize(bad)).rejects.toThrow(ValueError);
    await expect(optimizer.minimize(p.sub(2).log().sum())).rejects.toThrow(
      '[minimize] the loss is NaN or infinite at step 1. Nothing was overwritten.',
    );
    expect(p.dataSync()).toEqual(values);
    expect(await optimizer.getState()).toEqual(state);
    await optimizer.minimize(squared(p, 0));
    await optimizer.minimize(squared(p, 0));
    const misses = backendInfo().planMisses;
    await expect(optimizer.minimize(p.sub(2).log().sum())).rejects.toThrow('NaN or infinite at step 3');
    expect(backendInfo().planMisses).toBe(misses);
  });

  const nonFinite: [string, string, (x: Tensor) => Tensor, (p: Parameter[]) => Optimizer, string][] = [
    [
      'an infinite loss',
      'loss',
      (p) => p.add(1e38).mul(1e38).sum(),
      (p) => new SGD(p, { learningRate: 0.1 }),
      'the loss',
    ],
    [
      'the gradient of a root at 0',
      'p',
      (p) => p.square().sqrt().sum(),
      (p) => new SGD(p, { learningRate: 0.1 }),
      "the new value of 'p'",
    ],
    [
      'a step that is too large',
      'p',
      (p) => p.add(1).mul(1e30).sum(),
      (p) => new SGD(p, { learningRate: 1e9 }),
      "the new value of 'p'",
    ],
    [
      'a slot that overflows',
      'p.total',
      (p) => p.add(1).mul(1e20).sum(),
      (p) => new Scaled(p),
      "the new value of 'p.total'",
    ],
  ];
  test.each(nonFinite)(
    '%s overwrites nothing, and the error names %s',
    async (_, _name, loss, make, text) => {
      const p = parameter([0, 0, 0], 'p');
      const optimizer = make([p]);
      await optimizer.minimize(squared(p, 1));
      const before = [await p.data(), await optimizer.getState()];
      const step = optimizer.minimize(loss(p.sub(p.detach())));
      await expect(step).rejects.toThrow(NonFiniteError);
      await expect(step).rejects.toThrow(`[minimize] ${text} is NaN or infinite at step 1`);
      expect([await p.data(), await optimizer.getState()]).toEqual(before);
      await optimizer.minimize(squared(p, 1));
      expect(optimizer.step).toBe(2);
    },
  );

  test('a failed step that is not awaited is not counted by the next one', async () => {
    const p = parameter([1, 2], 'p');
    const optimizer = new SGD([p], { learningRate: (step) => 0.1 / (step + 1) });
    const failed = expect(optimizer.minimize(p.sub(5).sqrt().sum())).rejects.toThrow(NonFiniteError);
    expect(optimizer.step).toBe(0);
    await optimizer.minimize(p.sum());
    await failed;
    expect(p.toArray()).toEqual([Math.fround(0.9), Math.fround(1.9)]);
    expect(optimizer.step).toBe(1);
  });

  test('an infinite running statistic overwrites nothing', async () => {
    const layer = new BatchNorm(2);
    const optimizer = new SGD(layer.parameters(), { learningRate: 0.1 });
    const before = await Promise.all(layer.parameters().map((p) => p.data()));
    const context = training();
    const x: Tensor = tensor([
      [1e30, 0],
      [-1e30, 1],
    ]);
    const loss = layer.call(x, context).sum();
    await expect(optimizer.minimize(loss, { context })).rejects.toThrow(
      "'runningVariance' is NaN or infinite",
    );
    expect(await Promise.all(layer.parameters().map((p) => p.data()))).toEqual(before);
  });

  test('a loss that reaches nothing leaves the requested assignments in the context', async () => {
    const layer = new BatchNorm(1);
    const unused = parameter([1], 'unused');
    const context = training();
    const loss = layer.call(tensor([[1], [3]]), context).sum();
    const optimizer = new SGD([...layer.parameters(), unused], { learningRate: 0.1 });
    await expect(optimizer.minimize(loss, { context })).rejects.toThrow(
      "does not depend on Parameter 'unused'",
    );
    expect(context.assignments.length).toBe(2);
  });

  test('another failed check overwrites nothing either', async () => {
    const p = parameter([1, 2], 'p');
    const optimizer = new SGD([p], { learningRate: 1 });
    const loss = p.mul(oneHot(tensor([7], { dtype: 'int32' }), 2)).sum();
    await expect(optimizer.minimize(loss)).rejects.toThrow('[oneHot] label 7 is out of range');
    expect(p.toArray()).toEqual([1, 2]);
    expect(optimizer.step).toBe(0);
  });

  test('the loss is one float32 number', async () => {
    const p = parameter([1, 2], 'p');
    await expect(new SGD([p], { learningRate: 1 }).minimize(p.mul(2))).rejects.toThrow(ShapeError);
  });

  test.each([
    [
      () => new SGD([], { learningRate: 1, momentum: 1 }),
      '[SGD] got momentum 1, wanted a number with 0 <= momentum < 1.',
    ],
    [() => new SGD([], { learningRate: 1, nesterov: true }), '[SGD] got nesterov without momentum.'],
    [() => new Lion([], { betas: [0.9, 1] }), '[Lion] got betas[1] 1'],
    [() => new SGD([], { learningRate: 1, weightDecay: -1 }), '[SGD] got weightDecay -1'],
    [() => new Adam([], { betas: [0.9, 1.1] }), '[Adam] got betas[1] 1.1'],
    [() => new Adam([], { epsilon: Number.NaN }), '[Adam] got epsilon NaN'],
    [() => new AdamW([], { weightDecay: -0.1 }), '[AdamW] got weightDecay -0.1'],
    [() => new RMSprop([], { alpha: -1 }), '[RMSprop] got alpha -1'],
    [() => new Adam([], { clip: { norm: 0 } }), '[Adam] got clip.norm 0, wanted a number above 0.'],
  ])('options out of range: %#', (make, message) => {
    expect(make).toThrow(ValueError);
    expect(make).toThrow(message);
  });

  test('a schedule that gives no number', async () => {
    const p = parameter([1], 'p');
    const optimizer = new SGD([p], { learningRate: () => Number.NaN });
    await expect(optimizer.minimize(p.sum())).rejects.toThrow('[minimize] got learningRate at step 0 NaN');
  });
});

describe('state', () => {
  test('goes on to the same bits', async () => {
    const make = () => [parameter([1, -2], 'a'), parameter([0.5], 'b')] as const;
    const loss = ([a, b]: readonly [Parameter, Parameter]): Tensor => squared(a, 3).mul(b.square().sum());
    const p = make();
    const optimizer = new Adam(p, { learningRate: 0.1 });
    for (let i = 0; i < 3; i++) await optimizer.minimize(loss(p));

    const q = make();
    const resumed = new Adam(q, { learningRate: 0.1 });
    await Promise.all(q.map((x, i) => x.assign(p[i]!.dataSync())));
    await resumed.setState(structuredClone(await optimizer.getState()));
    expect(resumed.step).toBe(3);
    for (let i = 0; i < 3; i++) {
      await optimizer.minimize(loss(p));
      await resumed.minimize(loss(q));
    }
    expect(q.map((x) => x.dataSync())).toEqual(p.map((x) => x.dataSync()));
    expect(await resumed.getState()).toEqual(await optimizer.getState());
  });
});

test.each([100, 2000])('steps while a Parameter is frozen do not count: %i', async (frozen) => {
  const a = parameter([0], 'a');
  const b = new Parameter<readonly number[]>(tensor([0]), { name: 'b', trainable: false });
  const optimizer = new Adam([a, b], { learningRate: 0.001 });
  const step = () => optimizer.minimize(a.add(b).sum());
  for (let i = 0; i < frozen; i++) await step();
  b.trainable = true;
  // The gradient is always 1, so a step of Adam has the length of the learning rate, as in PyTorch.
  for (let i = 0; i < 30; i++) await step();
  expect(b.item()).toBeCloseTo(-0.03, 5);
  const state: OptimizerState = JSON.parse(JSON.stringify(await optimizer.getState()));
  expect(state.parameters.a).not.toHaveProperty('updates');
  expect(state.parameters.b!.updates).toBe(30);

  const copies = [parameter([0], 'a'), parameter([0], 'b')] as const;
  const restored = new Adam(copies, { learningRate: 0.001 });
  for (const [i, p] of [a, b].entries()) await copies[i]!.assign(p);
  await restored.setState(state);
  await restored.minimize(copies[0].add(copies[1]).sum());
  await step();
  expect(copies[1].item()).toBe(b.item());
  const wrong = {
    ...state,
    parameters: { ...state.parameters, b: { ...state.parameters.b!, updates: 1e9 } },
  };
  await expect(restored.setState(wrong)).rejects.toThrow(
    "[setState] got 1000000000 updates of Parameter 'b'",
  );
});
