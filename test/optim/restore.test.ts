import { describe, expect, test } from 'vitest';
import { ShapeError, ValueError } from '../../src/ir/errors.ts';
import { Dense, Sequential } from '../../src/layers/index.ts';
import { Adam, AdamW, type OptimizerState, RMSprop, SGD, WeightAverage } from '../../src/optim/index.ts';
import { tensor } from '../../src/tensor/creation.ts';
import { Parameter } from '../../src/tensor/parameter.ts';
import type { Shape } from '../../src/tensor/shape.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { makeOptimizer, optimizerKinds } from './classes.ts';

// States that are stored and restored, whole or damaged.

const parameter = (values: number[], name: string): Parameter =>
  new Parameter<readonly number[]>(tensor(values), { name });

const squared = (p: Tensor, target: number): Tensor => p.sub(target).square().sum();

type Copy = <T>(state: T) => T;
const throughJSON: Copy = (state) => JSON.parse(JSON.stringify(state));
const copies: readonly (readonly [name: string, copy: Copy])[] = [
  ['structuredClone', (state) => structuredClone(state)],
  ['JSON', throughJSON],
  ['structuredClone and JSON', (state) => throughJSON(structuredClone(state))],
];

describe.each(copies)('through %s', (_, copy) => {
  const settings: readonly (readonly [kind: string, options: object])[] = [
    // Lookahead and MultiOptimizer have tests of their own.
    ...optimizerKinds
      .filter((kind) => !['Lookahead', 'MultiOptimizer'].includes(kind))
      .map((kind) => [kind, { learningRate: 0.1 }] as const),
    ['SGD', { learningRate: 0.1, momentum: 0.9 }],
    ['RMSprop', { learningRate: 0.1, momentum: 0.9, centered: true }],
  ];
  test.each(settings)('%s %o goes on to the same bits', async (kind, options) => {
    const make = () => {
      // Matrices, since Muon takes nothing else.
      const matrix = (row: number[], name: string) => new Parameter<Shape>(tensor([row]), { name });
      const [a, b] = [matrix([1, -2], 'a'), matrix([0.5], 'b')];
      const optimizer = makeOptimizer(kind, [a, b], options);
      const average = new WeightAverage([a, b], { decay: 0.8 });
      const loss = (): Tensor => squared(a, 3).mul(b.square().sum());
      return { a, b, optimizer, average, step: () => optimizer.minimize(loss(), { average }) };
    };
    const one = make();
    for (let i = 0; i < 3; i++) await one.step();
    one.optimizer.learningRate = 0.05;
    const two = make();
    await two.a.assign(one.a);
    await two.b.assign(one.b);
    await two.optimizer.setState(copy(await one.optimizer.getState()));
    await two.average.setState(copy(await one.average.getState()));
    expect([two.optimizer.step, two.optimizer.learningRate, two.average.step]).toEqual([3, 0.05, 3]);
    for (const run of [one, two]) for (let i = 0; i < 3; i++) await run.step();
    expect(two.a.dataSync()).toEqual(one.a.dataSync());
    expect(await two.optimizer.getState()).toEqual(await one.optimizer.getState());
    expect(await two.average.getState()).toEqual(await one.average.getState());
  });
});

test('numbers that JSON does not have survive it', async () => {
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 0, 0.1, 1e-45, -3.4e38];
  const one = new WeightAverage([parameter(values, 'p')]);
  const two = new WeightAverage([
    parameter(
      values.map(() => 7),
      'p',
    ),
  ]);
  const json = JSON.stringify(await one.getState());
  await two.setState(JSON.parse(json));
  expect([...(await two.getState()).parameters.p!.slots.average!]).toEqual(values.map(Math.fround));
  expect(json).toContain('["NaN","Infinity","-Infinity","-0",0,');

  const p = parameter([1, 1], 'p');
  const zero = new SGD([p], { learningRate: 1, momentum: 0.5 });
  await zero.minimize(p.mul(tensor([-0, 2])).sum());
  const restored = new SGD([p], { learningRate: 1, momentum: 0.5 });
  const state: OptimizerState = JSON.parse(JSON.stringify(await zero.getState()));
  state.parameters.p!.slots.momentum![0] = '-0' as never;
  await restored.setState(state);
  expect([...(await restored.getState()).parameters.p!.slots.momentum!]).toEqual([-0, 2]);
});

test('integers of an average survive JSON', async () => {
  const make = (values: number[]) =>
    new WeightAverage([new Parameter<readonly number[]>(tensor(values, { dtype: 'int32' }), { name: 'n' })]);
  const two = make([0, 0]);
  await two.setState(JSON.parse(JSON.stringify(await make([-7, 2 ** 31 - 1]).getState())));
  expect((await two.getState()).parameters.n!.slots.average).toEqual(Int32Array.of(-7, 2 ** 31 - 1));
});

test('a state is keyed by the paths of the Parameters, in any order; repeated names are numbered', async () => {
  const model = new Sequential([new Dense(2, 3, { name: 'first' }), new Dense(3, 1)]);
  const loss = () =>
    model
      .call(tensor([[1, 2]]))
      .square()
      .sum();
  const optimizer = new Adam(model.parameters());
  await optimizer.minimize(loss());
  const state = await optimizer.getState();
  expect(Object.keys(state.parameters)).toEqual(['first.kernel', 'first.bias', '1.kernel', '1.bias']);
  expect(state.parameters['first.kernel']!.shape).toEqual([2, 3]);
  const reversed = new Adam(model.parameters().reverse());
  await reversed.setState(state);
  expect((await reversed.getState()).parameters).toEqual(state.parameters);

  const twins = new Adam([
    parameter([1], 'w'),
    parameter([1], 'w#2'),
    parameter([1], 'w'),
    parameter([1], 'w'),
  ]);
  expect(Object.keys((await twins.getState()).parameters)).toEqual(['w', 'w#2', 'w#3', 'w#4']);
});

test('a learning rate is restored if it is a number; a schedule stays', async () => {
  const schedule = (): number => 0.25;
  const p = parameter([1], 'p');
  const number = new Adam([p], { learningRate: 0.5 });
  const scheduled = new Adam([p], { learningRate: schedule });
  const [a, b] = [await number.getState(), await scheduled.getState()];
  expect(a.learningRate).toBe(0.5);
  expect(b).not.toHaveProperty('learningRate');
  await scheduled.setState(a);
  expect(scheduled.learningRate).toBe(schedule);
  number.learningRate = 0.125;
  await number.setState(b);
  expect(number.learningRate).toBe(0.125);
  await number.setState(a);
  expect(number.learningRate).toBe(0.5);
});

type Change = (state: OptimizerState) => unknown;

/** Changes the member of a state at a path. */
const at =
  (path: readonly string[], change: (holder: Record<string, unknown>, key: string) => void): Change =>
  (state) => {
    let holder = state as unknown as Record<string, unknown>;
    for (const key of path.slice(0, -1)) holder = holder[key] as Record<string, unknown>;
    change(holder, path.at(-1)!);
    return state;
  };
const put = (path: readonly string[], value: unknown): Change =>
  at(path, (holder, key) => {
    holder[key] = value;
  });
const drop = (path: readonly string[]): Change => at(path, (holder, key) => delete holder[key]);
const m = (change: (values: Float32Array) => void): Change =>
  at(['parameters', '0.kernel', 'slots', 'm'], (holder, key) => change(holder[key] as Float32Array));

const damages: readonly (readonly [what: string, damage: Change, text: string, kind?: typeof ShapeError])[] =
  [
    ['null', () => null, '[setState] got null for the state, wanted an object, as getState returned it.'],
    ['a string', () => '{}', "[setState] got '{}' for the state"],
    ['an array', () => [1], '[setState] got [1] for the state'],
    ['nothing', () => undefined, '[setState] got undefined for the state'],
    ['an empty object', () => ({}), "[setState] got a state of kind undefined, wanted 'Adam'."],
    ['step -1', put(['step'], -1), '[setState] got step -1, wanted a whole number from 0 up.'],
    ['step 0.5', put(['step'], 0.5), '[setState] got step 0.5'],
    ['step NaN', put(['step'], Number.NaN), '[setState] got step NaN'],
    ['a step of text', put(['step'], '3'), "[setState] got step '3'"],
    ['no step', drop(['step']), '[setState] got step undefined'],
    [
      'a learning rate of text',
      put(['learningRate'], '1'),
      "[setState] got learningRate '1', wanted a finite",
    ],
    ['a learning rate NaN', put(['learningRate'], Number.NaN), '[setState] got learningRate NaN'],
    ['a learning rate null', put(['learningRate'], null), '[setState] got learningRate null'],
    ['no Parameters', drop(['parameters']), '[setState] got undefined for parameters'],
    [
      'a missing Parameter',
      drop(['parameters', '0.bias']),
      "[setState] got 1 Parameters, wanted 2, '0.bias' among them. Give the state of the same class over the same model.",
    ],
    [
      'one Parameter more',
      put(['parameters', '1.kernel'], { shape: [1], slots: {} }),
      "[setState] got 3 Parameters, '1.kernel' among them, wanted 2.",
    ],
    ['a Parameter null', put(['parameters', '0.bias'], null), "[setState] got null for Parameter '0.bias'"],
    [
      'another shape of the same size',
      put(['parameters', '0.kernel', 'shape'], [3, 2]),
      "[setState] got shape [3, 2] for Parameter '0.kernel', wanted [2, 3].",
      ShapeError,
    ],
    [
      'no shape',
      put(['parameters', '0.kernel', 'shape'], '2,3'),
      "[setState] got shape '2,3' for",
      ShapeError,
    ],
    [
      'a missing slot',
      drop(['parameters', '0.bias', 'slots', 'v']),
      "[setState] got slots [m] for Parameter '0.bias', wanted [m, v]. Create it with the same options",
    ],
    ['a slot more', put(['parameters', '0.bias', 'slots', 'w'], [1]), '[setState] got slots [m, v, w] for'],
    [
      'no slots',
      put(['parameters', '0.bias', 'slots'], null),
      "[setState] got null for slots of Parameter '0.bias'",
    ],
    [
      'too few values',
      put(['parameters', '0.kernel', 'slots', 'v'], new Float32Array(5)),
      "[setState] got 5 values in slot 'v' of Parameter '0.kernel', wanted 6 for [2, 3].",
      ShapeError,
    ],
    [
      'a slot of text',
      put(['parameters', '0.bias', 'slots', 'v'], 'x'),
      "[setState] got 'x' for slot 'v' of Parameter '0.bias'",
    ],
    [
      'NaN',
      m((values) => values.fill(Number.NaN, 2)),
      "[setState] got NaN at index 2 of slot 'm' of Parameter '0.kernel', wanted finite float32 numbers.",
    ],
    [
      'infinity',
      m((values) => values.fill(Number.NEGATIVE_INFINITY, 5)),
      '[setState] got -Infinity at index 5',
    ],
    [
      'a negative mean of squares',
      put(['parameters', '0.bias', 'slots', 'v'], [0, 1, -1e-9]),
      "[setState] got -1e-9 at index 2 of slot 'v' of Parameter '0.bias', wanted finite float32 numbers from 0 up.",
    ],
    [
      'NaN as JSON has it',
      put(['parameters', '0.bias', 'slots', 'm'], ['NaN', 0, 0]),
      "[setState] got 'NaN' at index 0",
    ],
    [
      'null as JSON has it',
      put(['parameters', '0.bias', 'slots', 'm'], [0, null, 0]),
      '[setState] got null at index 1',
    ],
    ['text', put(['parameters', '0.bias', 'slots', 'm'], [0, 0, '1']), "[setState] got '1' at index 2"],
    [
      'a number beyond float32',
      put(['parameters', '0.bias', 'slots', 'm'], [1e39, 0, 0]),
      '[setState] got 1e+39 at index 0',
    ],
    [
      'a bigint',
      put(['parameters', '0.bias', 'slots', 'm'], new BigInt64Array(3)),
      '[setState] got 0 at index 0',
    ],
  ];

test.each(damages.map(([what, damage, text, kind = ValueError]) => ({ what, damage, text, kind })))(
  'an optimizer refuses $what and changes nothing',
  async ({ damage, text, kind }) => {
    const model = new Sequential([new Dense(2, 3)]);
    const loss = () =>
      model
        .call(tensor([[1, 2]]))
        .square()
        .sum();
    const optimizer = new Adam(model.parameters());
    await optimizer.minimize(loss());
    const before = await optimizer.getState();
    const versions = model.parameters().map((p) => p.version);
    const restoring = optimizer.setState(damage(structuredClone(before)) as OptimizerState);
    await expect(restoring).rejects.toThrow(text);
    await expect(restoring).rejects.toBeInstanceOf(kind);
    expect(await optimizer.getState()).toEqual(before);
    expect(model.parameters().map((p) => p.version)).toEqual(versions);
    await optimizer.minimize(loss());
  },
);

test('an optimizer refuses the state of another one', async () => {
  const p = [parameter([1], 'p')];
  const state = await new Adam(p).getState();
  await expect(new SGD(p, { learningRate: 1 }).setState(state)).rejects.toThrow(
    "[setState] got a state of kind 'Adam', wanted 'SGD'. Give the state of the same class over the same model.",
  );
  await expect(new AdamW(p).setState(state)).rejects.toThrow("of kind 'Adam', wanted 'AdamW'");
  const centered = await new RMSprop(p, { centered: true }).getState();
  await expect(new RMSprop(p).setState(centered)).rejects.toThrow('got slots [mean, variance] for');
  const average = await new WeightAverage(p).getState();
  await expect(new Adam(p).setState(average)).rejects.toThrow("of kind 'WeightAverage', wanted 'Adam'");
});

test('an average refuses what does not fit and changes nothing', async () => {
  const average = new WeightAverage([
    parameter([1, 2], 'a'),
    new Parameter(tensor([1], { dtype: 'uint8' }), { name: 'n' }),
  ]);
  const before = await average.getState();
  const bad: readonly (readonly [change: object, text: string])[] = [
    [{ swapped: 'yes' }, '[setState] got swapped yes, wanted true or false.'],
    [{ swapped: undefined }, '[setState] got swapped undefined'],
    [{ step: -1 }, '[setState] got step -1'],
    [{ kind: 'Adam' }, "[setState] got a state of kind 'Adam', wanted 'WeightAverage'."],
    [{ parameters: {} }, "[setState] got 0 Parameters, wanted 2, 'a' among them."],
  ];
  for (const [change, text] of bad) {
    await expect(average.setState({ ...before, ...change } as never)).rejects.toThrow(text);
  }
  for (const [values, text] of [
    [[0.5], '[setState] got 0.5 at index 0 of slot'],
    [[256], '[setState] got 256 at index 0 of slot'],
    [['NaN'], "[setState] got 'NaN' at index 0 of slot"],
  ] as const) {
    const parameters = { ...before.parameters, n: { shape: [1], slots: { average: values } } };
    await expect(average.setState({ ...before, parameters } as never)).rejects.toThrow(
      `${text} 'average' of Parameter 'n'`,
    );
  }
  expect(await average.getState()).toEqual(before);
});
