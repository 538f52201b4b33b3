import { describe, expect, it } from 'vitest';
import { binary, check, compare, constant, type Expr, load } from '../../../src/ir/expr.ts';
import type { Access } from '../../../src/ir/kernel.ts';
import { contiguous, permuteView, sizeOf, type View } from '../../../src/ir/view.ts';
import { access, dtypeFor, expectSame, noise, PlanBuilder } from './plans.ts';

const fixed = (base: number) => ({ base, terms: [] });

/** The positions of a view's elements in row-major order. */
function elements(view: View, offset = view.offset.base): number[] {
  let found = [offset];
  view.shape.forEach((d, axis) => {
    const stride = view.stride[axis]!;
    found = found.flatMap((p) => Array.from({ length: d }, (_, i) => p + i * stride));
  });
  return found;
}

function run(
  e: Expr,
  shape: readonly number[],
  inputs: (builder: PlanBuilder) => Access[],
  values: number[] = [],
) {
  const builder = new PlanBuilder();
  const buffer = builder.result(dtypeFor(e), sizeOf(shape));
  builder.kernel({ shape, inputs: inputs(builder), stores: [{ buffer, expr: e }] });
  return { failure: builder.run(values), result: builder.results[0]! };
}

const VIEWS: Record<string, View> = {
  contiguous: contiguous([13, 100]),
  transposed: permuteView(contiguous([40, 33]), [1, 0]),
  'three axes, permuted': permuteView(contiguous([5, 7, 41]), [1, 2, 0]),
  'broadcast rows': { shape: [30, 50], stride: [0, 1], offset: fixed(3) },
  'broadcast columns': { shape: [50, 30], stride: [1, 0], offset: fixed(0) },
  'one element everywhere': { shape: [600, 3], stride: [0, 0], offset: fixed(17) },
  flipped: { shape: [40, 30], stride: [30, -1], offset: fixed(29) },
  'every third of every second row': { shape: [20, 15], stride: [60, 3], offset: fixed(4) },
  'sliding windows': { shape: [60, 60, 5], stride: [1, 1, 1], offset: fixed(0) },
  'axes of one': { shape: [1, 700, 1], stride: [5, 2, 9], offset: fixed(1) },
  scalar: { shape: [], stride: [], offset: fixed(5) },
  'no rows': { shape: [0, 5], stride: [5, 1], offset: fixed(0) },
};

describe('loads', () => {
  it.each(Object.entries(VIEWS))('%s', (_, view) => {
    const data = noise(2000);
    const { result } = run(load(0, 'f32'), view.shape, (b) => [access(b.bind(data), view)]);
    expectSame(
      result,
      elements(view).map((p) => data[p]!),
    );
    const positions = run(load(0, 'i32'), view.shape, () => [access(null, view)]).result;
    expectSame(positions, elements(view));
  });

  it.each([
    ['int32', Int32Array.from({ length: 1400 }, (_, i) => i * 1234567)],
    ['uint8', Uint8Array.from({ length: 1400 }, (_, i) => i)],
    ['bool', Uint8Array.from({ length: 1400 }, (_, i) => (i % 3) & 1)],
  ] as const)('reads and writes %s', (dtype, data) => {
    const view = permuteView(contiguous([20, 70]), [1, 0]);
    const builder = new PlanBuilder();
    const type = dtype === 'bool' ? 'bool' : 'i32';
    const inputs = [
      access(builder.bind(data, dtype), view),
      access(builder.bind(data, dtype), contiguous([70, 20])),
    ];
    const stores = [0, 1].map((k) => ({ buffer: builder.result(dtype, 1400), expr: load(k, type) }));
    builder.kernel({ shape: [70, 20], inputs, stores });
    expect(builder.run()).toBeNull();
    expectSame(
      builder.results[0]!,
      elements(view).map((p) => data[p]!),
    );
    expectSame(builder.results[1]!, data);
  });

  it('wraps when it stores uint8', () => {
    const builder = new PlanBuilder();
    const inputs = [access(builder.bind(Int32Array.of(256, 257, -1)), contiguous([3]))];
    builder.kernel({
      shape: [3],
      inputs,
      stores: [{ buffer: builder.result('uint8', 3), expr: load(0, 'i32') }],
    });
    expect(builder.run()).toBeNull();
    expectSame(builder.results[0]!, [0, 1, 255]);
  });

  it('takes offsets from the values of the run', () => {
    const data = noise(3000);
    const offset = {
      base: 2,
      terms: [
        { slot: 1, scale: 30 },
        { slot: 0, scale: 1 },
      ],
    };
    const view: View = { shape: [20, 30], stride: [30, 1], offset };
    const builder = new PlanBuilder();
    const inputs = [access(builder.bind(data), view), access(null, view)];
    const stores = [
      { buffer: builder.result('float32', 600), expr: load(0, 'f32') },
      { buffer: builder.result('int32', 600), expr: load(1, 'i32') },
    ];
    builder.kernel({ shape: [20, 30], inputs, stores });
    for (const values of [
      [0, 0],
      [5, 40],
      [1, 3],
    ]) {
      builder.run(values);
      const wanted = elements(view, 2 + values[0]! + 30 * values[1]!);
      expectSame(
        builder.results[0]!,
        wanted.map((p) => data[p]!),
      );
      expectSame(builder.results[1]!, wanted);
    }
  });
});

describe('gathers', () => {
  const table = noise(7 * 300);

  it('takes rows by computed indices', () => {
    const rows = Int32Array.from({ length: 20 }, (_, i) => (i * 5) % 7);
    const shape = [20, 300];
    const { result } = run(load(1, 'f32', [load(0, 'i32')]), shape, (b) => [
      access(b.bind(rows), { shape, stride: [1, 0], offset: fixed(0) }),
      access(b.bind(table), { shape, stride: [0, 1], offset: fixed(0) }, [{ size: 7, stride: 300 }]),
    ]);
    expectSame(
      result,
      Array.from({ length: 6000 }, (_, i) => table[rows[Math.floor(i / 300)]! * 300 + (i % 300)]!),
    );
  });

  it('fills where one of several indices is out of range', () => {
    const shape = [9, 302];
    const [i, j] = [load(0, 'i32'), load(1, 'i32')] as const;
    const minusOne = constant(-1, 'i32');
    const padded = load(2, 'f32', [binary('add', i, minusOne), binary('add', j, minusOne)]);
    const gather = [
      { size: 7, stride: 300 },
      { size: 300, stride: 1 },
    ];
    const { result } = run(padded, shape, (b) => [
      access(null, { shape, stride: [1, 0], offset: fixed(0) }),
      access(null, { shape, stride: [0, 1], offset: fixed(0) }),
      access(b.bind(table), { shape, stride: [0, 0], offset: fixed(0) }, gather, 0.5),
    ]);
    const wanted = Array.from({ length: 9 * 302 }, (_, p) => {
      const [row, column] = [Math.floor(p / 302) - 1, (p % 302) - 1];
      return row < 0 || row > 6 || column < 0 || column > 299 ? 0.5 : table[row * 300 + column]!;
    });
    expectSame(result, wanted);
  });

  it('fills everything where the axis is empty', () => {
    const shape = [3];
    const { result } = run(load(1, 'i32', [load(0, 'i32')]), shape, (b) => [
      access(null, contiguous(shape)),
      access(
        b.bind(new Uint8Array(0)),
        { shape, stride: [0], offset: fixed(0) },
        [{ size: 0, stride: 1 }],
        -9,
      ),
    ]);
    expectSame(result, [-9, -9, -9]);
  });

  it('reverses an axis by a negative stride', () => {
    const shape = [300];
    const { result } = run(load(1, 'f32', [load(0, 'i32')]), shape, (b) => [
      access(null, contiguous(shape)),
      access(b.bind(table), { shape, stride: [0], offset: fixed(299) }, [{ size: 300, stride: -1 }]),
    ]);
    expectSame(result, table.slice(0, 300).reverse());
  });

  const checked = (number: number) => {
    const index = load(0, 'i32');
    const zero = constant(0, 'i32');
    const inRange = binary('and', compare('le', zero, index), compare('lt', index, constant(7, 'i32')));
    return check(index, inRange, number);
  };

  it.each([
    [[0, 6, 3, 1], null],
    [[0, 6, -2, 9], { check: 4, value: -2 }],
    [[7, 6, -2, 9], { check: 4, value: -2 }],
  ])('checks the indices %j', (indices, failure) => {
    const got = run(load(1, 'f32', [checked(4)]), [4], (b) => [
      access(b.bind(Int32Array.from(indices)), contiguous([4])),
      access(b.bind(table), { shape: [4], stride: [0], offset: fixed(0) }, [{ size: 7, stride: 300 }]),
    ]);
    expect(got.failure).toEqual(failure);
    expectSame(
      got.result,
      indices.map((i) => table[i < 0 || i > 6 ? 0 : 300 * i]!),
    );
  });
});
