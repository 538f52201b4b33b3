import { describe, expect, it } from 'vitest';
import { acc, binary, constant, load } from '../../../src/ir/expr.ts';
import { broadcastView, contiguous, permuteView, type View } from '../../../src/ir/view.ts';
import { dotInOrder, reduceInOrder, roundedSum } from './orders.ts';
import { access, computeContract, expectSame, noise, PlanBuilder } from './plans.ts';

const matrices = { batch: 0, m: 1, k: 1, n: 1 };

/** The element [i, j] of a matrix. */
type Matrix = (i: number, j: number) => number;

const through =
  (data: ArrayLike<number>, view: View): Matrix =>
  (i, j) =>
    data[view.offset.base + i * view.stride[0]! + j * view.stride[1]!]!;

function product(a: Matrix, b: Matrix, m: number, k: number, n: number): number[] {
  const dot =
    m === 1 || n === 1
      ? (x: Float32Array, y: Float32Array) =>
          reduceInOrder(
            x.map((v, p) => v * y[p]!),
            roundedSum,
            0,
          )
      : dotInOrder;
  const rows = Array.from({ length: m }, (_, i) => Float32Array.from({ length: k }, (_, p) => a(i, p)));
  const columns = Array.from({ length: n }, (_, j) => Float32Array.from({ length: k }, (_, p) => b(p, j)));
  return rows.flatMap((row) => columns.map((column) => dot(row, column)));
}

const transposed = (rows: number, columns: number) => permuteView(contiguous([columns, rows]), [1, 0]);

describe('order of accumulation', () => {
  it.each([0, 1, 2, 255, 256, 257, 512, 700, 1030, 4096, 4097, 9000])('with k = %i', (k) => {
    for (const [m, n] of [
      [2, 2],
      [5, 3],
      [4, 7],
      [9, 10],
      [1, 6],
      [6, 1],
      [1, 1],
      [1, 70],
      [70, 1],
    ] as const) {
      const a = { array: noise(m * k, 1), view: contiguous([m, k]) };
      const b = { array: noise(k * n, 2), view: contiguous([k, n]) };
      const got = computeContract({ a, b, axes: matrices, shape: [m, n] });
      expectSame(got, product(through(a.array, a.view), through(b.array, b.view), m, k, n));
    }
  });

  it.each([
    [130, 20, 259],
    [257, 300, 5],
    [3, 260, 513],
    [128, 3, 256],
  ])('in blocks of the result: [%i, %i] x [.., %i]', (m, k, n) => {
    const views = [
      [contiguous([m, k]), contiguous([k, n])],
      [transposed(m, k), contiguous([k, n])],
      [contiguous([m, k]), transposed(k, n)],
      [transposed(m, k), transposed(k, n)],
    ] as const;
    for (const [aView, bView] of views) {
      const a = { array: noise(m * k, 3), view: aView };
      const b = { array: noise(k * n, 4), view: bView };
      const got = computeContract({ a, b, axes: matrices, shape: [m, n] });
      expectSame(got, product(through(a.array, aView), through(b.array, bView), m, k, n));
    }
  });

  it('rounds each product and each sum, and starts each block from 0', () => {
    const array = noise(2 * 600, 5);
    const b = noise(600 * 2, 6);
    const got = computeContract({
      a: { array, view: contiguous([2, 600]) },
      b: { array: b, view: contiguous([600, 2]) },
      axes: matrices,
      shape: [2, 2],
    });
    let straight = 0;
    let unrounded = 0;
    for (let p = 0; p < 600; p++) {
      straight = Math.fround(straight + Math.fround(array[p]! * b[2 * p]!));
      unrounded += array[p]! * b[2 * p]!;
    }
    expect(got[0]).not.toBe(straight);
    expect(got[0]).not.toBe(Math.fround(unrounded));
  });
});

describe('special values', () => {
  it('a tile at the edge does not mix zeros with infinities', () => {
    const a = { array: new Float32Array(15).fill(Infinity), view: contiguous([5, 3]) };
    const b = { array: new Float32Array(9).fill(2), view: contiguous([3, 3]) };
    expectSame(computeContract({ a, b, axes: matrices, shape: [5, 3] }), new Array(15).fill(Infinity));
  });

  it('NaN reaches its row only, and -0 sums to 0', () => {
    const a = { array: Float32Array.of(NaN, 1, -0, -0), view: contiguous([2, 2]) };
    const b = { array: Float32Array.of(1, 2, 3, 4), view: contiguous([2, 2]) };
    expectSame(computeContract({ a, b, axes: matrices, shape: [2, 2] }), [NaN, NaN, 0, 0]);
  });
});

describe('views', () => {
  it.each([
    [4, 3, 5],
    [1, 3, 5],
    [4, 3, 1],
  ])('broadcasts over batches: %i x %i x %i', (m, k, n) => {
    const aData = noise(3 * m * k, 1);
    const bData = noise(2 * k * n, 2);
    const aView = broadcastView(contiguous([1, 3, m, k]), [2, 3, m, k]);
    const bView = broadcastView(contiguous([2, 1, k, n]), [2, 3, k, n]);
    const got = computeContract({
      a: { array: aData, view: aView },
      b: { array: bData, view: bView },
      axes: { batch: 2, m: 1, k: 1, n: 1 },
      shape: [2, 3, m, n],
    });
    const wanted = [0, 1].flatMap((g) =>
      [0, 1, 2].flatMap((h) =>
        product(
          (i, p) => aData[(h * m + i) * k + p]!,
          (p, j) => bData[(g * k + p) * n + j]!,
          m,
          k,
          n,
        ),
      ),
    );
    expectSame(got, wanted);
  });

  it('takes several axes in a group: a convolution as windows', () => {
    const image = noise(12 * 13, 1);
    const kernel = noise(3 * 4 * 6, 2);
    const windows: View = { shape: [10, 10, 3, 4], stride: [13, 1, 13, 1], offset: { base: 0, terms: [] } };
    const got = computeContract({
      a: { array: image, view: windows },
      b: { array: kernel, view: contiguous([3, 4, 6]) },
      axes: { batch: 0, m: 2, k: 2, n: 1 },
      shape: [10, 10, 6],
    });
    const pixel: Matrix = (i, p) =>
      image[(Math.floor(i / 10) + Math.floor(p / 4)) * 13 + (i % 10) + (p % 4)]!;
    expectSame(
      got,
      product(pixel, (p, j) => kernel[p * 6 + j]!, 100, 12, 6),
    );
  });

  it('starts where the values of the run say', () => {
    const data = noise(40 * 30, 1);
    const weights = noise(30 * 5, 2);
    const view: View = {
      shape: [8, 30],
      stride: [30, 1],
      offset: { base: 30, terms: [{ slot: 0, scale: 30 }] },
    };
    for (const start of [0, 7, 31]) {
      const got = computeContract(
        {
          a: { array: data, view },
          b: { array: weights, view: contiguous([30, 5]) },
          axes: matrices,
          shape: [8, 5],
        },
        [start],
      );
      expectSame(
        got,
        product(
          (i, p) => data[(1 + start + i) * 30 + p]!,
          (p, j) => weights[p * 5 + j]!,
          8,
          30,
          5,
        ),
      );
    }
  });

  it('gives nothing for empty results', () => {
    const [a, b] = [
      { array: noise(0), view: contiguous([0, 4]) },
      { array: noise(12), view: contiguous([4, 3]) },
    ];
    expectSame(computeContract({ a, b, axes: matrices, shape: [0, 3] }), []);
  });
});

describe('i32', () => {
  it.each([
    [5, 300, 7],
    [1, 300, 7],
    [5, 9, 1],
  ])('wraps: %i x %i x %i', (m, k, n) => {
    const a = Int32Array.from({ length: m * k }, (_, i) => Math.imul(i + 1, 2654435761));
    const b = Int32Array.from({ length: k * n }, (_, i) => Math.imul(i + 3, 1597334677));
    const got = computeContract({
      a: { array: a, view: contiguous([m, k]) },
      b: { array: b, view: contiguous([k, n]) },
      axes: matrices,
      shape: [m, n],
      type: 'i32',
    });
    const wanted = Array.from({ length: m * n }, (_, at) => {
      let sum = 0n;
      for (let p = 0; p < k; p++)
        sum += BigInt(a[Math.floor(at / n) * k + p]!) * BigInt(b[p * n + (at % n)]!);
      return Number(BigInt.asIntN(32, sum));
    });
    expectSame(got, wanted);
  });

  it('takes bytes', () => {
    const a = { array: Uint8Array.of(255, 255, 1, 2), view: contiguous([2, 2]) };
    const b = { array: Int32Array.of(1, 2, 3, -4), view: contiguous([2, 2]) };
    expectSame(computeContract({ a, b, axes: matrices, shape: [2, 2], type: 'i32' }), [1020, -510, 7, -6]);
  });
});

it.each([
  [150, 20, 10],
  [150, 20, 300],
  [40, 20, 1],
])('adds a bias and clips in its epilogue: %i x %i x %i', (m, k, n) => {
  const [a, b, bias] = [noise(m * k, 1), noise(k * n, 2), noise(n, 3)];
  const builder = new PlanBuilder();
  const logits = binary('add', acc('f32'), load(0, 'f32'));
  builder.kernel({
    shape: [m, n],
    source: {
      kind: 'contract',
      type: 'f32',
      a: { buffer: builder.bind(a), view: contiguous([m, k]) },
      b: { buffer: builder.bind(b), view: contiguous([k, n]) },
      axes: matrices,
    },
    inputs: [access(builder.bind(bias), broadcastView(contiguous([n]), [m, n]))],
    stores: [
      { buffer: builder.result('float32', m * n), expr: logits },
      { buffer: builder.result('float32', m * n), expr: binary('max', logits, constant(0, 'f32')) },
    ],
  });
  expect(builder.run()).toBeNull();
  const sums = product(
    (i, p) => a[i * k + p]!,
    (p, j) => b[p * n + j]!,
    m,
    k,
    n,
  );
  const wanted = sums.map((s, i) => Math.fround(s + bias[i % n]!));
  expectSame(builder.results[0]!, wanted);
  expectSame(
    builder.results[1]!,
    wanted.map((v) => Math.max(v, 0)),
  );
});
