import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsBackend } from '../../src/backends/js/index.ts';
import {
  avgPool,
  concat,
  Generator,
  gradients,
  maxPool,
  oneHot,
  pad,
  slidingWindows,
  type Tensor,
  take,
  tensor,
  where,
} from '../../src/index.ts';
import type { DType } from '../../src/ir/dtype.ts';
import { binary, constant, type Expr, load } from '../../src/ir/expr.ts';
import { Storage } from '../../src/ir/storage.ts';
import { contiguous, sizeOf, type View } from '../../src/ir/view.ts';
import { compilePlan, runPlan } from '../compiler/plans.ts';
import { firstDifference } from '../tensor/bits.ts';
import { runs } from '../tooling/effort.ts';
import { engines, threads } from './engines.ts';
import { access, noise, PlanBuilder } from './js/plans.ts';

// Rows of every kind: what is the same along a row is computed once, and gathers along it read in several ways.

function expectSameOnAll(outputs: readonly Tensor[]): void {
  const nodes = outputs.map((t) => t.node).filter((node) => node.storage === null);
  const compiled = compilePlan(nodes);
  const wanted = runPlan(compiled);
  engines.forEach((engine, e) => {
    const got = runPlan(compiled, engine);
    for (const node of nodes) {
      const difference = firstDifference(got.get(node)!, wanted.get(node)!);
      if (difference !== null) expect.fail(`${threads[e]} threads: ${node.op.name} ${difference}`);
    }
  });
}

const lengths = [1, 2, 3, 4, 5, 7, 16, 17, 33, 70];

/** Decisions out of a list of numbers. */
class Choices {
  readonly #numbers: readonly number[];
  #next = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  integer(least: number, most: number): number {
    return least + (this.#numbers[this.#next++ % this.#numbers.length]! % (most - least + 1));
  }

  pick<T>(options: readonly T[]): T {
    return options[this.integer(0, options.length - 1)]!;
  }
}

const choices = fc
  .array(fc.nat({ max: 1000 }), { minLength: 40, maxLength: 40 })
  .map((numbers) => new Choices(numbers));

/** Some numbers of a data type, in some arrangement in memory. */
function input(c: Choices, shape: readonly number[], dtype: DType): Tensor {
  const values = new Generator(c.integer(0, 1000))
    .uniform([sizeOf(shape)], -3, 3)
    .cast(dtype)
    .dataSync();
  const leaf = (of: readonly number[]): Tensor => tensor(values, { shape: of, dtype });
  const how = c.integer(0, 3);
  if (how === 0) return leaf([...shape].reverse()).transpose();
  if (how === 1 && shape[0]! > 1) return leaf(shape).slice([1, null]);
  return how === 2 ? leaf(shape).flip(0) : leaf(shape);
}

function draw(c: Choices): Tensor {
  const rank = c.integer(1, 4);
  const shape: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const most = Math.floor(3000 / sizeOf(shape));
    const length = axis === rank - 1 ? c.pick(lengths) : c.integer(1, 6);
    shape.push(Math.max(1, Math.min(length, most)));
  }
  return input(c, shape, c.pick(['float32', 'float32', 'int32', 'uint8', 'bool'] as const));
}

/** Something that reads at computed indices along some axes and plainly along the others. */
function gathered(c: Choices, x: Tensor): Tensor {
  const axis = c.integer(0, x.rank - 1);
  const size = x.shape[axis]!;
  switch (c.integer(0, 5)) {
    case 0:
      return pad(
        x,
        x.shape.map(() => [c.pick([0, 0, 1, 3]), c.pick([0, 0, 1, 5])] as const),
        c.pick([0, 1]),
      );
    case 1: {
      const indices = Array.from({ length: c.integer(1, 9) }, () => c.integer(-size, size - 1));
      return take(x, tensor(indices, { dtype: 'int32' }), axis);
    }
    case 2:
      return concat(
        [x, x.flip(axis), x.slice(...x.shape.map((_, i) => (i === axis ? [0, 0] : null) as never))],
        axis,
      );
    case 3: {
      // The adjoint of a strided slice.
      const f = x.cast('float32');
      const part = f.slice(...x.shape.map(() => [c.integer(0, 1), null, c.pick([1, 1, 2, 3])] as const));
      return gradients(part.mul(part).sum(), [f])[0]!;
    }
    case 4: {
      const f = x.cast('float32');
      const options = { axes: [axis], strides: [c.integer(1, 2)] };
      const windows = slidingWindows(f, [c.integer(1, Math.min(3, size))], options);
      return gradients(windows.mul(windows).sum(), [f])[0]!;
    }
    default:
      return take(
        x,
        oneHot(tensor([1, 0, 1], { dtype: 'int32' }), 2, 'int32')
          .sum(0)
          .mod(size),
        axis,
      );
  }
}

test('gathers along any axis', () => {
  const property = fc.property(choices, (c) => {
    const x = draw(c);
    const y = gathered(c, x);
    const z = gathered(c, y);
    // Row-wise and column-wise operands beside them.
    const row = y.cast('float32').mean(-1, { keepDims: true }).exp();
    const mask = new Generator(c.integer(0, 99)).bernoulli(y.shape, 0.5);
    expectSameOnAll([y, z, where(mask, y.cast('float32').mul(row), row)]);
  });
  fc.assert(property, { numRuns: runs(80) });
});

test('reductions over gathers', () => {
  const property = fc.property(choices, (c) => {
    const y = gathered(c, draw(c)).cast('float32');
    const axis = c.integer(0, y.rank - 1);
    expectSameOnAll([y.sum(axis), y.sum(), y.max(axis), y.argmax(axis), y.mul(y).mean(0)]);
  });
  fc.assert(property, { numRuns: runs(40) });
});

test('poolings', () => {
  const property = fc.property(choices, (c) => {
    const spatial = c.integer(1, 3);
    const sizes = Array.from({ length: spatial }, () => c.integer(1, 3));
    const extents = sizes.map((size) => size + c.integer(0, 5));
    const x = input(c, [c.integer(1, 2), ...extents, c.pick(lengths)], 'float32');
    const options = {
      stride: sizes.map(() => c.integer(1, 3)),
      padding: c.pick(['valid', 'same'] as const),
    };
    const [y, mean] = [maxPool(x, sizes, options), avgPool(x, sizes, options)];
    expectSameOnAll([y, mean, ...gradients(y.mul(y).sum().add(mean.mul(mean).sum()), [x])]);
  });
  fc.assert(property, { numRuns: runs(40) });
});

test('an index out of range is reported where it is the same all along a row', () => {
  const x = new Generator(1).normal([5, 40]);
  const indices = tensor([0, 3, -7, 4, 9, -9], { dtype: 'int32' });
  for (const taken of [take(x, indices, 0), take(x.transpose(), indices, 1)]) {
    const { graph, plan, wanted, values } = compilePlan([taken.node]);
    for (const backend of [jsBackend, ...engines]) {
      const executable = backend.compile(plan);
      const failure = executable.run({
        values,
        bound: graph.leaves.map((node) => node.storage!),
        results: wanted.map((node) => Storage.forResult(node.dtype, node.size)),
      });
      executable.release();
      expect(failure).toEqual({ check: 0, value: -9 });
    }
  }
});

/** Reads 50 numbers at an index made of the loop's counter and, where it is wanted, of given numbers. */
function readAt(
  index: (counter: Expr, given: Expr) => Expr,
  given: Int32Array,
  size = 50,
): ArrayLike<number> {
  const b = new PlanBuilder();
  const shape = [3, 40];
  const view: View = { shape, stride: [0, 0], offset: { base: 0, terms: [] } };
  const counter = access(null, { ...view, stride: [0, 1] });
  const numbers = access(b.bind(given), given.length === 3 ? { ...view, stride: [1, 0] } : contiguous(shape));
  const data = access(b.bind(noise(size)), view, [{ size, stride: 1 }], -7);
  const expr = load(2, 'f32', [index(load(0, 'i32'), load(1, 'i32'))]);
  b.kernel({
    shape,
    inputs: [counter, numbers, data],
    stores: [{ buffer: b.result('float32', 120), expr }],
  });
  expect(b.run()).toBeNull();
  return b.results[0]!;
}

test.each([
  ['counting up from a number of the row', (i: Expr, n: Expr) => binary('add', i, n), 3],
  ['counting up from a number of the point', (i: Expr, n: Expr) => binary('add', i, n), 120],
  ['counting down', (i: Expr, n: Expr) => binary('sub', n, i), 3],
  ['in steps of 2', (i: Expr, n: Expr) => binary('sub', binary('add', i, i), n), 3],
  ['the product of a counter', (i: Expr) => binary('mul', i, constant(1, 'i32')), 3],
] as const)('a gather at an index %s', (_, index, count) => {
  for (const start of [0, 1, 2, 3, 4, 15, 46, 47, 49, 50, 100, -1, -2, -3, -4, -5, -36, -39, -40, -1000]) {
    const given = Int32Array.from({ length: count }, (_, k) => start + ((k * k) % 7));
    const got = readAt(index, given);
    const data = noise(50);
    const evaluate = (e: Expr, i: number, n: number): number => {
      if (e.op === 'load') return e.value === 0 ? i : n;
      if (e.op === 'const') return e.value;
      const [a, b] = e.args.map((arg) => evaluate(arg, i, n)) as [number, number];
      return e.op === 'add' ? a + b : e.op === 'sub' ? a - b : a * b;
    };
    const at = index(load(0, 'i32'), load(1, 'i32'));
    const wanted = Array.from({ length: 120 }, (_, k) => {
      const p = evaluate(at, k % 40, given[count === 3 ? Math.floor(k / 40) : k]!);
      return p >= 0 && p < 50 ? data[p]! : -7;
    });
    expect([...(got as Float32Array)]).toEqual(wanted);
  }
});

test('gathers of an axis without elements', () => {
  const nothing = readAt((i) => i, new Int32Array(3), 0);
  expect([...(nothing as Float32Array)]).toEqual(new Array(120).fill(-7));
});
