import { expect, test } from 'vitest';
import {
  explain,
  Generator,
  gradients,
  Parameter,
  runStep,
  StateError,
  scatterAdd,
  type Tensor,
  tensor,
  ValueError,
} from '../../src/index.ts';
import { leafOperation } from '../../src/ir/node.ts';
import { explainAssignments } from '../../src/tensor/step.ts';

const parameter = (name: string, values: number[][]): Parameter => new Parameter(tensor(values), { name });
const a0 = [
  [1, 2],
  [3, 4],
];
const b0 = [
  [5, 6],
  [7, 8],
];
const pair = (): [Parameter, Parameter] => [parameter('a', a0), parameter('b', b0)];
const turned = (m: number[][]): number[][] => m[0]!.map((_, j) => m.map((row) => row[j]!));

test('two Parameters change places', async () => {
  const [a, b] = pair();
  await runStep({
    assignments: [
      [a, b],
      [b, a],
    ],
  });
  expect(a.toArray()).toEqual(b0);
  expect(b.toArray()).toEqual(a0);
  expect([a.version, b.version]).toEqual([1, 1]);
});

test('three Parameters move on in a circle, turned on the way', async () => {
  const [a, b] = pair();
  const c = parameter('c', [
    [9, 10],
    [11, 12],
  ]);
  await runStep({
    assignments: [
      [a, b.transpose()],
      [b, c.add(a)],
      [c, a.transpose()],
    ],
  });
  expect(a.toArray()).toEqual(turned(b0));
  expect(b.toArray()).toEqual([
    [10, 12],
    [14, 16],
  ]);
  expect(c.toArray()).toEqual(turned(a0));
});

const reversed = (a: Tensor): number[] => Array.from({ length: a.shape[0]! }, (_, i) => a.shape[0]! - 1 - i);
const ownValues: Record<string, (a: Tensor) => Tensor> = {
  'its transpose': (a) => a.transpose(),
  'itself reversed': (a) => a.flip(),
  'its rows the other way round, plus itself': (a) => a.flip(0).add(a),
  'a broadcast row of itself': (a) => a.slice([0, 1]).broadcastTo(a.shape),
  'itself plus a number': (a) => a.add(1),
  'a matrix product with itself': (a) => a.matmul(a),
  'rows of itself': (a) => a.take(reversed(a)),
  'itself over its sum': (a) => a.div(a.sum()),
  'itself with updates': (a) => scatterAdd(a, reversed(a), a),
  itself: (a) => a,
};

test.each(Object.entries(ownValues))('a Parameter takes %s', async (_, value) => {
  // The larger one needs several blocks of the interpreter, so that an early write would change the result.
  for (const n of [2, 50]) {
    const initial = new Generator(n).normal([n, n]).detach();
    const a = new Parameter(initial);
    const wanted = value(initial).dataSync();
    await runStep({ assignments: [[a, value(a)]] });
    expect(a.dataSync()).toEqual(wanted);
  }
});

test('one value for two Parameters', async () => {
  const [a, b] = pair();
  const value = a.mul(b);
  await runStep({
    assignments: [
      [a, value],
      [b, value],
    ],
  });
  expect(a.toArray()).toEqual([
    [5, 12],
    [21, 32],
  ]);
  expect(b.toArray()).toEqual(a.toArray());
});

test('one value for two Parameters and a result', async () => {
  const [a, b] = pair();
  const value = a.add(b);
  const rest = a.sub(b).sum();
  await runStep({
    results: [value, rest],
    assignments: [
      [a, value],
      [b, value],
    ],
  });
  const sum = [
    [6, 8],
    [10, 12],
  ];
  expect([a.toArray(), b.toArray(), value.toArray(), rest.item()]).toEqual([sum, sum, sum, -16]);
});

test('a new value may be computed from another new value', async () => {
  const [a, b] = pair();
  const mean = a.mul(0.5).add(b.mul(0.5));
  await runStep({
    assignments: [
      [a, mean],
      [b, mean.sub(b).add(a)],
    ],
  });
  expect(a.toArray()).toEqual([
    [3, 4],
    [5, 6],
  ]);
  expect(b.toArray()).toEqual([
    [-1, 0],
    [1, 2],
  ]);
});

test('values that are known count as they are', async () => {
  const [a, b] = pair();
  const value = b.mul(2);
  await value.data();
  await runStep({ assignments: [[a, value]] });
  expect(a.toArray()).toEqual([
    [10, 12],
    [14, 16],
  ]);
});

test('an optimizer-like update is one kernel, which writes the new values beside the old ones', () => {
  const [w, velocity] = pair();
  const moved = velocity.mul(0.9).add(w.mul(2));
  const text = explainAssignments({
    assignments: [
      [velocity, moved],
      [w, w.sub(moved.mul(0.1))],
    ],
  });
  expect(text).toMatch(/^plan: 1 kernels, 4 buffers, arena of 0 bytes/);
  expect(text.match(/float32 x \d+, replacement/g)).toHaveLength(2);
});

test('results come back detached, and what is not a result keeps its graph', async () => {
  const [a] = pair();
  const y = a.mul(3);
  const loss = y.sum();
  await runStep({ results: [loss], assignments: [[a, a.sub(y)]] });
  expect(loss.item()).toBe(30);
  expect(loss.node.op).toBe(leafOperation);
  expect(loss.node.inputs).toEqual([]);
  expect(y.node.op).not.toBe(leafOperation);
  await expect(y.data()).rejects.toThrow(StateError);
});

test('reading keeps the graph, so that gradients can follow', async () => {
  const x = tensor([2, 3]);
  const y = x.square();
  await y.data();
  expect(y.node.op.name).toBe('square');
  const [g] = gradients(y.sum(), [x]);
  expect(g!.toArray()).toEqual([4, 6]);
});

test('detach stops gradients and lets go of the graph once it is computed', async () => {
  const x = tensor([2, 3]);
  const y = x.square().detach();
  expect(gradients(y.mul(x).sum(), [x])[0]!.toArray()).toEqual([4, 9]);
  await y.data();
  expect(y.node.op).toBe(leafOperation);
  expect(y.node.inputs).toEqual([]);
  expect(y.toArray()).toEqual([4, 9]);
});

test('a graph on an older version of a Parameter is an error that says so', async () => {
  const [a, b] = pair();
  const before = a.add(b);
  const known = a.mul(2);
  await known.data();
  await a.assign([
    [0, 0],
    [0, 0],
  ]);
  expect(a.version).toBe(1);
  for (const stale of [before, before.sum(), b.mul(before)]) {
    await expect(stale.data()).rejects.toThrow(StateError);
    await expect(stale.data()).rejects.toThrow(/older version of Parameter 'a'/);
    expect(() => stale.dataSync()).toThrow(StateError);
  }
  await expect(runStep({ assignments: [[b, before]] })).rejects.toThrow(/Parameter 'a'/);
  expect(b.toArray()).toEqual(b0);
  expect(b.version).toBe(0);
  // Values that were read before do not change.
  expect(known.toArray()).toEqual([
    [2, 4],
    [6, 8],
  ]);
  expect(a.add(b).toArray()).toEqual(b0);
});

test('a failed check leaves every Parameter as it was', async () => {
  const [a, b] = pair();
  const indices = tensor([0, 2], { dtype: 'int32' });
  const picked = a.take(indices);
  const attempt = runStep({
    results: [b.sum()],
    assignments: [
      [b, b.mul(2)],
      [a, picked],
    ],
  });
  await expect(attempt).rejects.toThrow(ValueError);
  await expect(attempt).rejects.toThrow('[take] index 2 is out of range for axis 0 of size 2');
  expect(a.toArray()).toEqual(a0);
  expect(b.toArray()).toEqual(b0);
  expect([a.version, b.version]).toEqual([0, 0]);
});

const checks: Record<string, [() => Tensor, RegExp]> = {
  take: [() => tensor(a0).take(tensor([-3], { dtype: 'int32' })), /^\[take\] index -3 .* wanted -2 to 1/],
  'take along axis 1': [() => tensor(a0).take([2], 1), /^\[take\] index 2 .*axis 1 of size 2/],
  scatterAdd: [
    () => scatterAdd(tensor(a0), [5], tensor([[1, 1]])),
    /^\[scatterAdd\] index 5 .*axis 0 of size 2/,
  ],
  oneHot: [() => tensor([3], { dtype: 'int32' }).oneHot(3), /^\[oneHot\] label 3 .*wanted 0 to 2/],
  'oneHot of a negative label': [() => tensor([-1], { dtype: 'int32' }).oneHot(3), /^\[oneHot\] label -1/],
};

test.each(Object.entries(checks))('an index out of range: %s', async (_, [make, message]) => {
  await expect(make().data()).rejects.toThrow(message);
  await expect(make().mul(2).sum().data()).rejects.toThrow(message);
  expect(() => make().dataSync()).toThrow(ValueError);
});

test('a Parameter is assigned once, and with its own shape and data type', async () => {
  const [a, b] = pair();
  const twice = runStep({
    assignments: [
      [a, b],
      [a, b],
    ],
  });
  await expect(twice).rejects.toThrow(/'a' is assigned twice/);
  await expect(runStep({ assignments: [[a, tensor([1, 2])]] })).rejects.toThrow(
    /'a' is float32 \[2, 2\], got float32 \[2\]/,
  );
  await expect(runStep({ assignments: [[a, b.greater(1)]] })).rejects.toThrow(/got bool/);
  expect([a.version, b.version]).toEqual([0, 0]);
});

test('steps run in the order of their calls', async () => {
  const [a] = pair();
  const first = runStep({ assignments: [[a, a.add(1)]] });
  const second = runStep({ assignments: [[a, a.mul(10)]] });
  await Promise.all([first, second]);
  expect(a.toArray()).toEqual([
    [20, 30],
    [40, 50],
  ]);
  expect(a.version).toBe(2);
});

test('explain prints the plan: buffers, kernels, what they read and write', () => {
  const [a, b] = pair();
  const y = a.matmul(b).add(1).relu();
  expect(explain(y, y.sum(0))).toBe(
    [
      'plan: 2 kernels, 4 buffers, arena of 0 bytes',
      '  b0: float32 x 4, bound 0',
      '  b1: float32 x 4, bound 1',
      '  b2: float32 x 4, result 0',
      '  b3: float32 x 2, result 1',
      '  k0 matmul scalar add relu: for [2,2]',
      '      acc = contract b0<2 1> with b1<2 1>',
      '      b2 = max(add(acc, v0), 0)',
      '  k1 sum: for [2]',
      '      acc = sum over [2] of b2<1 2>',
      '      b3 = acc',
    ].join('\n'),
  );
});
