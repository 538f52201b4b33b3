import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsArray } from '../../../src/backends/js/index.ts';
import { compileContract } from '../../../src/backends/wasm/kernels/contract.ts';
import { compileStores } from '../../../src/backends/wasm/kernels/stores.ts';
import { type DType, dtypes } from '../../../src/ir/dtype.ts';
import { acc, binary, constant, load } from '../../../src/ir/expr.ts';
import type { Contract, Kernel, KernelStore } from '../../../src/ir/kernel.ts';
import { broadcastView, contiguous, permuteView, sizeOf, type View } from '../../../src/ir/view.ts';
import { runs } from '../../tooling/effort.ts';
import { dotInOrder } from '../js/orders.ts';
import { access, dtypeOf, expectSame, noise, PlanBuilder } from '../js/plans.ts';
import { runTasks, type TaskRun } from './tasks.ts';

const matrices = { batch: 0, m: 1, k: 1, n: 1 };

interface Given {
  readonly array: JsArray;
  readonly view: View;
  readonly dtype?: DType;
}

interface Product {
  readonly a: Given;
  readonly b: Given;
  readonly axes: Contract['axes'];
  readonly shape: readonly number[];
  readonly type?: 'f32' | 'i32';
}

/** A plan of one contraction with the given stores. */
function planOf(
  { a, b, axes, shape, type = 'f32' }: Product,
  kernel: (builder: PlanBuilder) => Partial<Kernel> & { stores: readonly KernelStore[] } = (builder) => ({
    stores: [
      { buffer: builder.result(type === 'f32' ? 'float32' : 'int32', sizeOf(shape)), expr: acc(type) },
    ],
  }),
): PlanBuilder {
  const builder = new PlanBuilder();
  const operand = ({ array, view, dtype = dtypeOf(array) }: Given) => ({
    buffer: builder.bind(array, dtype),
    view,
  });
  const source: Contract = { kind: 'contract', type, a: operand(a), b: operand(b), axes };
  return builder.kernel({ shape, source, ...kernel(builder) });
}

const run = (builder: PlanBuilder, options: Parameters<typeof runTasks>[2] = {}): TaskRun =>
  runTasks(
    builder,
    (kernel, plan) => compileContract(kernel, kernel.source as Contract, plan, compileStores(kernel, plan)),
    options,
  );

const compute = (product: Product, options: Parameters<typeof runTasks>[2] = {}): JsArray =>
  run(planOf(product), options).results[0]!;

const product = (
  m: number,
  k: number,
  n: number,
  aView: View = contiguous([m, k]),
  bView: View = contiguous([k, n]),
): Product => ({
  a: { array: noise(m * k, 1), view: aView },
  b: { array: noise(k * n, 2), view: bView },
  axes: matrices,
  shape: [m, n],
});

const transposed = (rows: number, columns: number) => permuteView(contiguous([columns, rows]), [1, 0]);

/** The result by the definition in kernel.ts, element by element. */
function inOrder({ a, b, shape }: Product): number[] {
  const [m, n] = shape as [number, number];
  const k = a.view.shape[1]!;
  const line = ({ array, view }: Given, axis: number, i: number) =>
    Float32Array.from(
      { length: k },
      (_, p) => array[view.offset.base + i * view.stride[axis]! + p * view.stride[1 - axis]!]!,
    );
  const columns = Array.from({ length: n }, (_, j) => line(b, 1, j));
  return Array.from({ length: m }, (_, i) => line(a, 0, i)).flatMap((row) =>
    columns.map((column) => dotInOrder(row, column)),
  );
}

describe('order of accumulation', () => {
  it.each([0, 1, 2, 3, 11, 12, 13, 255, 256, 257, 512, 700, 4096, 4097, 9000])('with k = %i', (k) => {
    for (const [m, n] of [
      [2, 2],
      [5, 3],
      [4, 7],
      [3, 8],
      [9, 10],
      [16, 33],
    ] as const) {
      expectSame(compute(product(m, k, n)), inOrder(product(m, k, n)));
    }
  });

  it.each([
    [130, 20, 259],
    [257, 300, 5],
    [3, 260, 513],
    [128, 3, 256],
    [5505, 2, 9],
  ])('in blocks of the result: [%i, %i] x [.., %i]', (m, k, n) => {
    for (const a of [contiguous([m, k]), transposed(m, k)]) {
      for (const b of [contiguous([k, n]), transposed(k, n)]) {
        const given = product(m, k, n, a, b);
        const wanted = inOrder(given);
        for (const grain of [500, 1e9]) {
          for (const last of [0, 1, 2]) expectSame(compute(given, { grain, last }), wanted);
        }
      }
    }
  });
});

describe('special values', () => {
  it('a tile at the edge does not mix zeros with infinities', () => {
    const a = { array: new Float32Array(15).fill(Infinity), view: contiguous([5, 3]) };
    const b = { array: new Float32Array(9).fill(2), view: contiguous([3, 3]) };
    expectSame(compute({ a, b, axes: matrices, shape: [5, 3] }), new Array(15).fill(Infinity));
  });

  it('NaN reaches its row only, and -0 sums to 0', () => {
    const a = { array: Float32Array.of(NaN, 1, -0, -0), view: contiguous([2, 2]) };
    const b = { array: Float32Array.of(1, 2, 3, 4), view: contiguous([2, 2]) };
    expectSame(compute({ a, b, axes: matrices, shape: [2, 2] }), [NaN, NaN, 0, 0]);
  });
});

it('i32 wraps', () => {
  const a = Int32Array.from({ length: 5 * 300 }, (_, i) => Math.imul(i + 1, 2654435761));
  const b = Int32Array.from({ length: 300 * 7 }, (_, i) => Math.imul(i + 3, 1597334677));
  const wanted = Array.from({ length: 35 }, (_, at) => {
    let sum = 0n;
    for (let p = 0; p < 300; p++)
      sum += BigInt(a[Math.floor(at / 7) * 300 + p]!) * BigInt(b[p * 7 + (at % 7)]!);
    return Number(BigInt.asIntN(32, sum));
  });
  const got = compute({
    a: { array: a, view: contiguous([5, 300]) },
    b: { array: b, view: contiguous([300, 7]) },
    axes: matrices,
    shape: [5, 7],
    type: 'i32',
  });
  expectSame(got, wanted);
});

it('starts where the values of the run say', () => {
  const view: View = {
    shape: [8, 30],
    stride: [30, 1],
    offset: { base: 30, terms: [{ slot: 0, scale: 30 }] },
  };
  const a = { array: noise(40 * 30, 1), view };
  const b = { array: noise(30 * 5, 2), view: contiguous([30, 5]) };
  for (const start of [0, 7, 31]) {
    const fixed = { ...view, offset: { base: 30 * (start + 1), terms: [] } };
    const got = compute({ a, b, axes: matrices, shape: [8, 5] }, { values: [start] });
    expectSame(got, inOrder({ a: { ...a, view: fixed }, b, axes: matrices, shape: [8, 5] }));
  }
});

it.each([
  [150, 20, 10],
  [150, 20, 300],
  [6, 300, 70],
])('adds a bias and clips in its epilogue: %i x %i x %i', (m, k, n) => {
  const bias = noise(n, 3);
  const given = product(m, k, n);
  const builder = planOf(given, (plan) => {
    const logits = binary('add', acc('f32'), load(0, 'f32'));
    return {
      inputs: [access(plan.bind(bias), broadcastView(contiguous([n]), [m, n]))],
      stores: [
        { buffer: plan.result('float32', m * n), expr: logits },
        { buffer: plan.result('float32', m * n), expr: binary('max', logits, constant(0, 'f32')) },
      ],
    };
  });
  const wanted = inOrder(given).map((s, i) => Math.fround(s + bias[i % n]!));
  for (const grain of [500, 1e9]) {
    const { results } = run(builder, { grain });
    expectSame(results[0]!, wanted);
    expectSame(
      results[1]!,
      wanted.map((v) => Math.max(v, 0)),
    );
  }
});

it.each([
  [512, 784, 512],
  [512, 784, 128],
  [784, 512, 128],
  [32, 784, 512],
  [8192, 64, 10],
])('a product of some size has chunks for several threads: %i x %i x %i', (m, k, n) => {
  const { tasks, scratchBytes } = run(planOf(product(m, k, n)));
  expect(tasks).toHaveLength(1);
  expect(tasks[0]!.chunks).toBeGreaterThanOrEqual(8);
  expect(scratchBytes).toBeLessThan(2 ** 19);
});

// Any views.

const sizes = (...list: number[]) => fc.constantFrom(...list);

/** The sizes of a group of axes whose product is `size`. */
const splits = (size: number): fc.Arbitrary<number[]> => {
  const divisors = Array.from({ length: size }, (_, i) => i + 1).filter((d) => size % d === 0);
  if (size === 0) return fc.constantFrom([0], [3, 0]);
  return fc
    .tuple(fc.constantFrom(...divisors), fc.boolean())
    .map(([d, split]) => (split ? [d, size / d] : [size]));
};

/**
 * The layout of an axis: after the others, the same reversed, stride 0, or overlapping another axis, as in windows.
 */
type Placing = 'forward' | 'backward' | 'broadcast' | 'sliding';

const operandWith = (shape: readonly number[], dtype: DType): fc.Arbitrary<Given> =>
  fc
    .record({
      order: fc.shuffledSubarray([...shape.keys()], { minLength: shape.length }),
      inOrder: fc.boolean(),
      placing: fc.array(
        fc.oneof(
          { weight: 9, arbitrary: fc.constant<Placing>('forward') },
          { weight: 2, arbitrary: fc.constantFrom<Placing>('backward', 'broadcast', 'sliding') },
        ),
        { minLength: shape.length, maxLength: shape.length },
      ),
      gaps: fc.array(fc.constantFrom(0, 0, 0, 1, 3), { minLength: shape.length, maxLength: shape.length }),
      base: fc.constantFrom(0, 0, 1, 5),
      seed: fc.nat(1000),
    })
    .map(({ order, inOrder, placing, gaps, base, seed }) => {
      const stride = shape.map(() => 0);
      let [offset, span, before] = [base, 1, 1];
      for (const axis of inOrder ? [...shape.keys()].reverse() : order) {
        if (placing[axis] === 'broadcast') continue;
        const step = placing[axis] === 'sliding' ? before : span + gaps[axis]!;
        const length = Math.max(0, shape[axis]! - 1) * step;
        stride[axis] = placing[axis] === 'backward' ? -step : step;
        if (placing[axis] === 'backward') offset += length;
        span += length;
        before = step;
      }
      const array = dtypes[dtype].allocate(base + span);
      const numbers = noise(array.length, seed);
      for (let i = 0; i < array.length; i++)
        array[i] = dtype === 'bool' ? Number(numbers[i]! > 0) : Math.round(numbers[i]! * 64) / 64;
      return { array, dtype, view: { shape, stride, offset: { base: offset, terms: [] } } };
    });

const products: fc.Arbitrary<Product> = fc
  .record({
    batch: sizes(1, 1, 1, 2, 3, 12),
    m: sizes(0, 2, 3, 4, 5, 6, 7, 8, 9, 12, 17, 31, 33, 64, 130),
    k: sizes(0, 1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 31, 60, 255, 256, 257, 300, 520),
    n: sizes(0, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17, 24, 31, 33, 64, 130, 260),
    type: fc.constantFrom('f32' as const, 'f32' as const, 'i32' as const),
  })
  .filter(({ batch, m, k, n }) => batch * m * k * n < 2e6)
  .chain(({ batch, m, k, n, type }) =>
    fc.tuple(splits(batch), splits(m), splits(k), splits(n)).chain(([batchAxes, mAxes, kAxes, nAxes]) => {
      const plain = type === 'f32' ? ('float32' as const) : ('int32' as const);
      const dtype = fc.oneof(
        { weight: 5, arbitrary: fc.constant<DType>(plain) },
        { weight: 2, arbitrary: fc.constantFrom<DType>('int32', 'uint8', 'bool') },
      );
      return fc
        .tuple(dtype, dtype)
        .chain(([aType, bType]) =>
          fc.tuple(
            operandWith([...batchAxes, ...mAxes, ...kAxes], aType),
            operandWith([...batchAxes, ...kAxes, ...nAxes], bType),
          ),
        )
        .map(([a, b]) => ({
          a,
          b,
          type,
          axes: { batch: batchAxes.length, m: mAxes.length, k: kAxes.length, n: nAxes.length },
          shape: [...batchAxes, ...mAxes, ...nAxes],
        }));
    }),
  );

it('gives the bits of the js backend through any views', () => {
  fc.assert(
    fc.property(products, fc.constantFrom(200, 20_000), fc.constantFrom(0, 1, 2), (given, grain, last) => {
      const builder = planOf(given);
      const { results } = run(builder, { grain, last });
      expect(builder.run()).toBeNull();
      expectSame(results[0]!, builder.results[0]!);
    }),
    { numRuns: runs(80) },
  );
});
