import { describe, expect, test } from 'vitest';
import {
  Adam,
  AdamW,
  Dense,
  evaluate,
  fit,
  Generator,
  loadModel,
  MultiOptimizer,
  meanSquaredError,
  type Optimizer,
  type OptimizerState,
  Sequential,
  SGD,
  saveModel,
  schedules,
  seed,
  ValueError,
  WeightAverage,
} from '../../src/index.ts';
import { backendInfo } from '../../src/runtime/backends.ts';
import { tensor } from '../../src/tensor/creation.ts';
import { Parameter } from '../../src/tensor/parameter.ts';
import { checkpoint } from '../../src/train/checkpoint/checkpoint.ts';
import { MemoryStore } from '../io/memory-store.ts';

// The values of reference.test.ts come from PyTorch; here is what happens between steps.

type Vector = Parameter<readonly number[]>;
const parameter = (name: string): Vector => new Parameter<readonly number[]>(tensor([1, 2]), { name });
const pair = () => [parameter('a'), parameter('b')] as const;
const sum = (...parameters: Vector[]) => parameters.map((p) => p.sum()).reduce((x, y) => x.add(y));
const sgd = (p: Vector, learningRate: number) => new SGD([p], { learningRate });

test('each optimizer has its own learning rate; that of the whole multiplies them', async () => {
  const [a, b] = pair();
  const [first, second] = [sgd(a, 0.25), sgd(b, 1)];
  const optimizer = new MultiOptimizer([first, second]);
  expect(optimizer.parameters).toEqual([a, b]);
  expect(optimizer.optimizers).toEqual([first, second]);
  expect(optimizer.currentLearningRate).toBe(1);
  await optimizer.minimize(sum(a, b));
  expect([a.toArray(), b.toArray()]).toEqual([
    [0.75, 1.75],
    [0, 1],
  ]);
  optimizer.learningRate = 2;
  first.learningRate = (step) => step / 8; // the second update is number 1
  await optimizer.minimize(sum(a, b));
  expect([a.toArray(), b.toArray()]).toEqual([
    [0.5, 1.5],
    [-2, -1],
  ]);
});

test('a frozen part stays, and goes on where it stopped', async () => {
  const [a, b] = pair();
  const optimizer = new MultiOptimizer([new Adam([a]), sgd(b, 1)]);
  a.trainable = false;
  await optimizer.minimize(sum(a, b));
  expect([a.toArray(), b.toArray()]).toEqual([
    [1, 2],
    [0, 1],
  ]);
  a.trainable = true;
  await optimizer.minimize(sum(a, b));
  const alone = parameter('alone');
  await new Adam([alone]).minimize(sum(alone));
  // The first update of `a`, although the step is the second one.
  expect(a.toArray()).toEqual(alone.toArray());
});

test('with the same options it changes no bit and needs no other plan', async () => {
  const run = async (isDivided: boolean): Promise<unknown> => {
    const random = new Generator(1);
    seed(3);
    const model = new Sequential([new Dense(3, 4, { activation: 'tanh' }), new Dense(4, 1)]);
    const options = { learningRate: 0.1, betas: [schedules.constant(0.8), 0.9] as const };
    const clip = { globalNorm: 1 };
    const optimizer = isDivided
      ? new MultiOptimizer(
          model.layers.map((layer) => new AdamW(layer.parameters(), options)),
          { clip },
        )
      : new AdamW(model.parameters(), { ...options, clip });
    const x = random.normal([8, 3]);
    const y = x.sum(1, { keepDims: true });
    for (let i = 0; i < 4; i++) await optimizer.minimize(meanSquaredError(model.call(x), y));
    return Promise.all(model.parameters().map((p) => p.data()));
  };
  const plain = await run(false);
  const { planMisses } = backendInfo();
  expect(await run(true)).toEqual(plain);
  expect(backendInfo().planMisses).toBe(planMisses);
});

describe('the state', () => {
  const make = (a: Vector, b: Vector, c: Vector) =>
    new MultiOptimizer([
      new Adam([a], { learningRate: 0.5, amsgrad: true }),
      new MultiOptimizer([sgd(b, 1), new SGD([c], { learningRate: (t) => 1 / (1 + t), momentum: 0.5 })]),
    ]);
  const three = () => [...pair(), parameter('c')] as const;

  test.each([
    ['structuredClone', structuredClone<OptimizerState>],
    ['JSON', (state: OptimizerState): OptimizerState => JSON.parse(JSON.stringify(state))],
  ])('goes on to the same bits through %s', async (_, copy) => {
    const own = three();
    const optimizer = make(...own);
    const step = (o: Optimizer, parameters: readonly Vector[]) =>
      o.minimize(sum(...parameters).add(parameters[0]!.square().sum()));
    await step(optimizer, own);
    optimizer.optimizers[0]!.learningRate = 0.125;
    (optimizer.optimizers[1] as MultiOptimizer).optimizers[0]!.learningRate = 0.25;
    await step(optimizer, own);
    const state = copy(await optimizer.getState());
    expect(state.inner).toEqual([
      { learningRate: 0.125 },
      { learningRate: 1, inner: [{ learningRate: 0.25 }, {}] },
    ]);
    const others = three();
    const other = make(...others);
    for (const [i, p] of others.entries()) await p.assign(own[i]!);
    await other.setState(state);
    for (let i = 0; i < 2; i++) {
      await step(optimizer, own);
      await step(other, others);
    }
    expect(others.map((p) => p.dataSync())).toEqual(own.map((p) => p.dataSync()));
  });

  test.each<[unknown]>([
    [undefined],
    [[]],
    [[{}]],
    [[{}, null]],
    [[{}, {}]],
    [[{}, { inner: [{}] }]],
    [[{ learningRate: -1 }, { inner: [{}, {}] }]],
    [[{}, { inner: [{}, { learningRate: '1' }] }]],
  ])('with the inner states %j is refused', async (inner) => {
    const optimizer = make(...three());
    const state = { ...(await optimizer.getState()), step: 7, inner };
    await expect(optimizer.setState(state as OptimizerState)).rejects.toThrow(/^\[setState\] got /);
    expect(optimizer.step).toBe(0);
  });

  test('with another fault changes no learning rate', async () => {
    const optimizer = make(...three());
    const state = await optimizer.getState();
    const wrong = { ...state, inner: [{ learningRate: 9 }, state.inner![1]!], parameters: {} };
    await expect(optimizer.setState(wrong)).rejects.toThrow('[setState] got 0 Parameters');
    expect(optimizer.optimizers[0]!.learningRate).toBe(0.5);
  });

  test('is in a model file', async () => {
    const model = new Dense(2, 1);
    const make = (of: Dense) =>
      new MultiOptimizer([
        new Adam([of.kernel], { learningRate: 0.5 }),
        new SGD([of.bias!], { learningRate: 1 }),
      ]);
    const optimizer = make(model);
    await optimizer.minimize(model.call(tensor([[1, 2]])).sum());
    const { model: loaded, optimizerState } = await loadModel(await saveModel(model, { optimizer }));
    const again = make(loaded as Dense);
    again.optimizers[1]!.learningRate = 7;
    await again.setState(optimizerState!);
    expect(await again.getState()).toEqual(await optimizer.getState());
  });
});

describe('fit', () => {
  const random = new Generator(5);
  const x = random.normal([24, 3]);
  const y = x.sum(1, { keepDims: true });

  type Make = (layers: readonly Sequential['layers'][number][]) => Optimizer;
  const train = async (make: Make, store: MemoryStore, epochs: number) => {
    seed(1);
    const model = new Sequential([new Dense(3, 4), new Dense(4, 1)]);
    await fit(
      model,
      { x, y },
      {
        loss: meanSquaredError,
        optimizer: make(model.layers),
        average: new WeightAverage(model.parameters()),
        epochs,
        batchSize: 8,
        seed: 3,
        progress: false,
        checkpoint: checkpoint(store, { every: { epochs: 1 } }),
        resume: 'auto',
      },
    );
    return evaluate(model, { x, y }, { loss: meanSquaredError });
  };
  const two: Make = ([first, last]) =>
    new MultiOptimizer([
      new Adam(first!.parameters(), { learningRate: 0.01 }),
      new AdamW(last!.parameters(), { weightDecay: 0.1 }),
    ]);

  test('goes on from a checkpoint to the same bits', async () => {
    const store = new MemoryStore();
    await train(two, store, 2);
    expect(await train(two, store, 4)).toEqual(await train(two, new MemoryStore(), 4));
  });

  test('refuses a checkpoint of others', async () => {
    const store = new MemoryStore();
    await train(two, store, 1);
    const others: Make[] = [
      ([first, last]) => new Adam([...first!.parameters(), ...last!.parameters()]),
      ([first, last]) =>
        new MultiOptimizer([
          new Adam(first!.parameters(), { learningRate: 0.01 }),
          new AdamW(last!.parameters(), { weightDecay: 0.2 }),
        ]),
      ([first, last]) => two([last!, first!]),
      ([first, last]) => {
        const [kernel, bias] = first!.parameters();
        return new MultiOptimizer([
          new Adam([kernel!], { learningRate: 0.01 }),
          new AdamW([...last!.parameters(), bias!], { weightDecay: 0.1 }),
        ]);
      },
    ];
    for (const other of others)
      await expect(train(other, store, 2)).rejects.toThrow(/of other training. It differs in .*optimizer/);
  });
});

test('what does not fit', async () => {
  const [a, b] = pair();
  const used = sgd(parameter('c'), 1);
  await used.minimize(sum(used.parameters[0] as Vector));
  const cases: [unknown, string][] = [
    [new Adam([a]), '[MultiOptimizer] got optimizers an object, wanted an array such as [new Adam('],
    [[[a]], '[MultiOptimizer] got optimizer an array, wanted one such as new Adam(model.parameters()).'],
    [
      [sgd(a, 1), new Adam([b, a])],
      "[MultiOptimizer] got Parameter 'a' in two optimizers, wanted it in one.",
    ],
    [
      [new Adam([a], { clip: { norm: 1 } })],
      '[MultiOptimizer] got an optimizer with clip, wanted it as an option',
    ],
    [[used], '[MultiOptimizer] got an optimizer that has done 1 steps, wanted a new one.'],
  ];
  for (const [optimizers, message] of cases) {
    expect(() => new MultiOptimizer(optimizers as never)).toThrow(ValueError);
    expect(() => new MultiOptimizer(optimizers as never)).toThrow(message);
  }
  expect(() => new Adam([{ parameters: [a], learningRate: 1 }] as never)).toThrow(
    '[Adam] got parameter an object, wanted a Parameter (for groups: MultiOptimizer).',
  );
});
