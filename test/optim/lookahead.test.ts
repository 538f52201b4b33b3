import { expect, test } from 'vitest';
import {
  Adam,
  Lookahead,
  MultiOptimizer,
  type Optimizer,
  type OptimizerState,
  Parameter,
  RMSprop,
  SGD,
  tensor,
  ValueError,
} from '../../src/index.ts';

// Values of the reference are in reference.test.ts.

type Vector = Parameter<readonly number[]>;
const parameter = (name: string): Vector => new Parameter<readonly number[]>(tensor([1, 2]), { name });
const step = (optimizer: Optimizer, parameters: readonly Vector[]) =>
  optimizer.minimize(parameters.map((p) => p.square().sum()).reduce((a, b) => a.add(b)));

test('between two moves it takes the steps of the inner optimizer, to the bit', async () => {
  const [a, b] = [parameter('a'), parameter('b')];
  const optimizer = new Lookahead(new Adam([a], { learningRate: 0.3, clip: { norm: 1 } }), { every: 4 });
  const plain = new Adam([b], { learningRate: 0.3, clip: { norm: 1 } });
  for (let i = 0; i < 3; i++) {
    await step(optimizer, [a]);
    await step(plain, [b]);
    expect(a.dataSync()).toEqual(b.dataSync());
  }
  await step(optimizer, [a]);
  await step(plain, [b]);
  expect(a.dataSync()).toEqual(
    b.dataSync().map((x, i) => Math.fround([1, 2][i]! + Math.fround(0.5 * Math.fround(x - [1, 2][i]!)))),
  );
});

test('the learning rate is that of the Lookahead', async () => {
  const a = parameter('a');
  const optimizer = new Lookahead(new SGD([a], { learningRate: 0.25 }));
  expect(optimizer.currentLearningRate).toBe(0.25);
  optimizer.learningRate = 0.125;
  await step(optimizer, [a]);
  expect(a.toArray()).toEqual([0.75, 1.5]);
});

test.each([
  ['structuredClone', structuredClone<OptimizerState>],
  ['JSON', (state: OptimizerState): OptimizerState => JSON.parse(JSON.stringify(state))],
])('a state between two moves goes on to the same bits through %s', async (_, copy) => {
  const make = ([a, b]: readonly Vector[]) =>
    new Lookahead(
      new MultiOptimizer([new Adam([a!], { amsgrad: true }), new RMSprop([b!], { centered: true })]),
      { every: 3 },
    );
  const own = [parameter('a'), parameter('b')];
  const optimizer = make(own);
  for (let i = 0; i < 4; i++) await step(optimizer, own);
  (optimizer.optimizers[0] as MultiOptimizer).optimizers[0]!.learningRate = 0.5;
  const state = copy(await optimizer.getState());
  const others = [parameter('a'), parameter('b')];
  const other = make(others);
  for (const [i, p] of others.entries()) await p.assign(own[i]!);
  await other.setState(state);
  for (let i = 0; i < 3; i++) {
    await step(optimizer, own);
    await step(other, others);
  }
  expect(others.map((p) => p.dataSync())).toEqual(own.map((p) => p.dataSync()));
  const slots = structuredClone(state.parameters.a!.slots);
  slots.v![0] = -1;
  const wrong = { ...state, parameters: { ...state.parameters, a: { shape: [2], slots } } };
  await expect(other.setState(wrong)).rejects.toThrow("[setState] got -1 at index 0 of slot 'v'");
});

test('what does not fit', async () => {
  const a = parameter('a');
  const used = new Adam([a]);
  await step(used, [a]);
  const cases: [unknown, object | undefined, string][] = [
    [[a], undefined, '[Lookahead] got optimizer an array, wanted one such as new Adam(model.parameters()).'],
    [used, undefined, '[Lookahead] got an optimizer that has done 1 steps, wanted a new one.'],
    [new Adam([a]), { every: 0 }, '[Lookahead] got every 0, wanted a whole number from 1 up.'],
    [new Adam([a]), { alpha: 0 }, '[Lookahead] got alpha 0, wanted a number with 0 < alpha <= 1.'],
    [new Adam([a]), { k: 5 }, "[Lookahead] got the unknown option 'k'"],
    [
      new Lookahead(new Adam([a])),
      undefined,
      "[Lookahead] got an optimizer with a slot 'slow', wanted one that",
    ],
  ];
  for (const [optimizer, options, message] of cases) {
    expect(() => new Lookahead(optimizer as never, options)).toThrow(ValueError);
    expect(() => new Lookahead(optimizer as never, options)).toThrow(message);
  }
});
