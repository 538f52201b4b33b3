import { describe, expect, test } from 'vitest';
import { gradients, type Tensor, tensor } from '../../src/index.ts';
import { compilePlan } from './plans.ts';

/**
 * How much work something does, in steps that do not depend on the machine: every use of a Map or Set, and every element that a
 * search or copy of an array may visit.
 */
function visits(run: () => void): number {
  let count = 0;
  const undo: (() => void)[] = [];
  const counted = (prototype: object, name: string, cost: (self: never) => number): void => {
    const original: unknown = Reflect.get(prototype, name);
    if (typeof original !== 'function') throw new Error(`${name} is no method`);
    const wrapper = function (this: never, ...args: unknown[]): unknown {
      count += cost(this);
      return Reflect.apply(original, this, args);
    };
    Object.defineProperty(prototype, name, { value: wrapper, configurable: true, writable: true });
    undo.push(() =>
      Object.defineProperty(prototype, name, { value: original, configurable: true, writable: true }),
    );
  };
  for (const prototype of [Map.prototype, Set.prototype]) {
    for (const name of ['has', 'get', 'set', 'add']) if (name in prototype) counted(prototype, name, () => 1);
  }
  const walks = [
    'map',
    'filter',
    'find',
    'findIndex',
    'some',
    'every',
    'forEach',
    'includes',
    'indexOf',
    'flatMap',
    'slice',
    'concat',
    'reduce',
    'sort',
  ];
  for (const name of walks) counted(Array.prototype, name, (self: unknown[]) => self.length);
  try {
    run();
  } finally {
    for (const restore of undo) restore();
  }
  return count;
}

type Make = (x: Tensor, n: number) => Tensor;

const start = (): Tensor =>
  tensor([
    [1, -0.5],
    [0.25, 2],
  ]);

function repeated(n: number, next: (x: Tensor, i: number) => Tensor): Make {
  return (x) => {
    let y = x;
    for (let i = 0; i < n; i++) y = next(y, i);
    return y;
  };
}

/** Graphs of about n nodes. */
const graphs: Record<string, Make> = {
  'a chain of elementwise operations': (x, n) =>
    repeated(n, (y, i) => (i % 2 === 0 ? y.mul(0.5) : y.add(1)))(x, n),
  'a chain of views': (x, n) => repeated(n, (y, i) => (i % 2 === 0 ? y.transpose() : y.flip()))(x, n),
  'reductions in between': (x, n) => repeated(n / 2, (y) => y.sub(y.max(0, { keepDims: true })))(x, n),
  'values that are added to themselves': (x, n) => repeated(n, (y) => y.add(y))(x, n),
  'every value used twice, at a cost': (x, n) => repeated(n / 3, (y) => y.exp().mul(y.sin()))(x, n),
  'matrix products': (x, n) => repeated(n / 2, (y) => y.matmul(x).tanh())(x, n),
  'one value used by all': (x, n) => {
    const shared = x.exp();
    return repeated(n, (y) => y.add(shared))(x, n);
  },
  'one value that uses many': (x, n) => {
    let sum = x;
    for (let i = 0; i < n / 2; i++) sum = sum.add(x.mul(i).sin());
    return sum;
  },
};

describe.each(Object.keys(graphs))('%s', (what) => {
  const make = graphs[what]!;
  const n = 600;

  test('compiling is linear', () => {
    const count = (size: number): number => {
      const y = make(start(), size);
      return visits(() => compilePlan([y.node]));
    };
    const [once, twice] = [count(n), count(2 * n)];
    expect(once).toBeGreaterThan(n);
    expect(twice / once).toBeLessThan(2.3);
  });

  test('gradients are linear, and so is compiling them', () => {
    const count = (size: number): number => {
      const x = start();
      const y = make(x, size).sum();
      return visits(() => compilePlan(gradients(y, [x]).map((g) => g.node)));
    };
    const [once, twice] = [count(n), count(2 * n)];
    expect(once).toBeGreaterThan(n);
    expect(twice / once).toBeLessThan(2.3);
  });
});

test('a count that grows with the square is found', () => {
  const square = (n: number) =>
    visits(() => {
      const list = Array.from({ length: n }, (_, i) => i);
      for (const i of list) list.indexOf(i);
    });
  expect(square(2000) / square(1000)).toBeGreaterThan(3.5);
});
