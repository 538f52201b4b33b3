import { describe, expect, it } from 'vitest';
import { acc, binary, constant, type Expr, load, unary } from '../../../src/ir/expr.ts';
import type { Reducer } from '../../../src/ir/kernel.ts';
import { broadcastView, contiguous, permuteView, type View } from '../../../src/ir/view.ts';
import { reduceInOrder, roundedProduct, roundedSum } from './orders.ts';
import { access, computeReduce, expectSame, noise, PlanBuilder } from './plans.ts';

const x = load(0, 'f32');
const LENGTHS = [
  0, 1, 2, 7, 8, 9, 10, 100, 255, 256, 257, 511, 512, 513, 1000, 4095, 4096, 4097, 8192, 12289,
];
const LONG = [5 * 4096 + 3, 7 * 4096 + 1, 11 * 4096];

/** Rows of a matrix, each one's elements in order. */
const rowsOf = (data: Float32Array, rows: number) =>
  Array.from({ length: rows }, (_, i) =>
    data.subarray((i * data.length) / rows, ((i + 1) * data.length) / rows),
  );

const near1 = (count: number) => noise(count).map((v) => 1 + v / 8192);

describe('order of accumulation', () => {
  it.each([...LENGTHS, ...LONG])('of sums and products of %i elements', (length) => {
    for (const rows of [1, 3]) {
      const data = noise(rows * length);
      const sum = computeReduce(
        { reducer: 'sum', over: [length], expr: x },
        [rows],
        [{ array: data, view: contiguous([rows, length]) }],
      );
      expectSame(
        sum,
        rowsOf(data, rows).map((row) => reduceInOrder(row, roundedSum, 0)),
      );
      const factors = near1(rows * length);
      const product = computeReduce(
        { reducer: 'prod', over: [length], expr: x },
        [rows],
        [{ array: factors, view: contiguous([rows, length]) }],
      );
      expectSame(
        product,
        rowsOf(factors, rows).map((row) => reduceInOrder(row, roundedProduct, 1)),
      );
    }
  });

  it('is not the order of the elements, nor one tree', () => {
    const data = noise(10000);
    const inOrder = data.reduce(roundedSum, 0);
    expect(reduceInOrder(data, roundedSum, 0)).not.toBe(inOrder);
  });

  it.each([
    [1, 40],
    [3, 33],
    [10, 600],
    [16, 1200],
    [17, 700],
    [300, 32],
    [5000, 600],
    [4096, 33],
    [12289, 40],
  ])('over the first axis of [%i, %i]', (length, points) => {
    const data = noise(length * points);
    const view = permuteView(contiguous([length, points]), [1, 0]);
    const got = computeReduce({ reducer: 'sum', over: [length], expr: x }, [points], [{ array: data, view }]);
    const wanted = Array.from({ length: points }, (_, j) =>
      reduceInOrder(
        Float32Array.from({ length }, (_, r) => data[r * points + j]!),
        roundedSum,
        0,
      ),
    );
    expectSame(got, wanted);
  });

  it.each([
    [600, 4],
    [513, 10],
    [40, 16],
    [31, 16],
    [2000, 1],
  ])('over the last axis of [%i, %i]', (points, length) => {
    const data = noise(length * points);
    const view = contiguous([points, length]);
    const got = computeReduce({ reducer: 'sum', over: [length], expr: x }, [points], [{ array: data, view }]);
    expectSame(
      got,
      rowsOf(data, points).map((row) => reduceInOrder(row, roundedSum, 0)),
    );
  });

  it('over several axes is that of their row-major order', () => {
    const data = noise(6 * 50 * 7 * 40);
    const whole = contiguous([6, 50, 7, 40]);
    const view = permuteView(whole, [1, 3, 2, 0]);
    const got = computeReduce({ reducer: 'sum', over: [7, 6], expr: x }, [50, 40], [{ array: data, view }]);
    const wanted = Array.from({ length: 2000 }, (_, point) => {
      const [i, j] = [Math.floor(point / 40), point % 40];
      const elements = Array.from({ length: 42 }, (_, r) => {
        const [c, a] = [Math.floor(r / 6), r % 6];
        return data[((a * 50 + i) * 7 + c) * 40 + j]!;
      });
      return reduceInOrder(elements, roundedSum, 0);
    });
    expectSame(got, wanted);
  });

  it('does not depend on the views of the inputs', () => {
    const [points, length] = [64, 700];
    const data = noise(points * length);
    const column = noise(length, 7);
    const turned = new Float32Array(data.length);
    for (let i = 0; i < points; i++)
      for (let r = 0; r < length; r++) turned[r * points + i] = data[i * length + r]!;
    const expr = binary('mul', x, load(1, 'f32'));
    const over = [length];
    const second = { array: column, view: broadcastView(contiguous([length]), [points, length]) };
    const sum = (array: Float32Array, view: View) =>
      computeReduce({ reducer: 'sum', over, expr }, [points], [{ array, view }, second]);
    const wanted = rowsOf(data, points).map((row) =>
      reduceInOrder(
        row.map((v, r) => v * column[r]!),
        roundedSum,
        0,
      ),
    );
    expectSame(sum(data, contiguous([points, length])), wanted);
    expectSame(sum(turned, permuteView(contiguous([length, points]), [1, 0])), wanted);
  });

  it('starts from the identity: the sum of -0 is 0', () => {
    const view = contiguous([1, 3]);
    const got = computeReduce(
      { reducer: 'sum', over: [3], expr: x },
      [1],
      [{ array: Float32Array.of(-0, -0, -0), view }],
    );
    expectSame(got, [0]);
  });
});

describe('other reducers', () => {
  const layouts = (points: number, length: number, data: (view: View) => void) => {
    data(contiguous([points, length]));
    data(permuteView(contiguous([length, points]), [1, 0]));
  };
  const rows = (array: ArrayLike<number>, view: View): number[][] =>
    Array.from({ length: view.shape[0]! }, (_, i) =>
      Array.from({ length: view.shape[1]! }, (_, r) => array[i * view.stride[0]! + r * view.stride[1]!]!),
    );

  it('max and min of floats propagate NaN and hold -0 < 0', () => {
    layouts(40, 600, (view) => {
      const data = noise(40 * 600);
      data[7 * view.stride[0]! + 300 * view.stride[1]!] = NaN;
      const reduce = (reducer: Reducer) =>
        computeReduce({ reducer, over: [600], expr: x }, [40], [{ array: data, view }]);
      expectSame(
        reduce('max'),
        rows(data, view).map((row) => Math.max(...row)),
      );
      expectSame(
        reduce('min'),
        rows(data, view).map((row) => Math.min(...row)),
      );
    });
    const view = contiguous([1, 2]);
    for (const array of [Float32Array.of(0, -0), Float32Array.of(-0, 0)]) {
      expectSame(computeReduce({ reducer: 'max', over: [2], expr: x }, [1], [{ array, view }]), [0]);
      expectSame(computeReduce({ reducer: 'min', over: [2], expr: x }, [1], [{ array, view }]), [-0]);
    }
  });

  it('ints wrap', () => {
    const i = load(0, 'i32');
    layouts(50, 700, (view) => {
      const data = Int32Array.from({ length: 35000 }, (_, k) => Math.imul(k, 2654435761) | 1);
      const reduce = (reducer: Reducer) =>
        computeReduce({ reducer, over: [700], expr: i }, [50], [{ array: data, view }]);
      expectSame(
        reduce('sum'),
        rows(data, view).map((row) => row.reduce((a, b) => (a + b) | 0)),
      );
      expectSame(
        reduce('prod'),
        rows(data, view).map((row) => row.reduce((a, b) => Math.imul(a, b))),
      );
      expectSame(
        reduce('max'),
        rows(data, view).map((row) => Math.max(...row)),
      );
      expectSame(
        reduce('min'),
        rows(data, view).map((row) => Math.min(...row)),
      );
    });
  });

  it('max and min of bools are any and all', () => {
    const b = load(0, 'bool');
    layouts(32, 40, (view) => {
      const array = Uint8Array.from({ length: 1280 }, (_, k) => Number(k % 97 === 0));
      const inverse = array.map((v) => 1 - v);
      const any = computeReduce(
        { reducer: 'max', over: [40], expr: b },
        [32],
        [{ array, view, dtype: 'bool' }],
      );
      expectSame(
        any,
        rows(array, view).map((row) => Number(row.includes(1))),
      );
      const all = computeReduce(
        { reducer: 'min', over: [40], expr: b },
        [32],
        [{ array: inverse, view, dtype: 'bool' }],
      );
      expectSame(
        all,
        rows(inverse, view).map((row) => Number(!row.includes(0))),
      );
    });
  });

  it.each([
    [[3, 1, 3, 2], 0, 1],
    [[-5, NaN, 9, NaN], 1, 1],
    [[-Infinity, -Infinity], 0, 0],
    [[Infinity, Infinity], 0, 0],
    [[0, -0, 1, 1, 0], 2, 0],
    [[-2], 0, 0],
  ])('argmax and argmin of %j', (row, most, least) => {
    const inputs = [{ array: Float32Array.from(row), view: contiguous([1, row.length]) }];
    expectSame(computeReduce({ reducer: 'argmax', over: [row.length], expr: x }, [1], inputs), [most]);
    expectSame(computeReduce({ reducer: 'argmin', over: [row.length], expr: x }, [1], inputs), [least]);
  });

  it('argmax counts over several axes and long rows', () => {
    const view = permuteView(contiguous([100, 3, 60]), [1, 0, 2]);
    const data = noise(18000);
    const got = computeReduce({ reducer: 'argmax', over: [100, 60], expr: x }, [3], [{ array: data, view }]);
    const wanted = [0, 1, 2].map((j) => {
      const row = Array.from({ length: 6000 }, (_, r) => data[(Math.floor(r / 60) * 3 + j) * 60 + (r % 60)]!);
      return row.indexOf(Math.max(...row));
    });
    expectSame(got, wanted);
    const ints = [{ array: Int32Array.of(4, -2147483648, 2147483647), view: contiguous([1, 3]) }];
    expectSame(computeReduce({ reducer: 'argmax', over: [3], expr: load(0, 'i32') }, [1], ints), [2]);
    expectSame(computeReduce({ reducer: 'argmin', over: [3], expr: load(0, 'i32') }, [1], ints), [1]);
  });

  it('gives the identity where there is nothing to reduce', () => {
    const view = contiguous([40, 0]);
    const floats = [{ array: new Float32Array(0), view }];
    const ints = [{ array: new Int32Array(0), view }];
    const bools = [{ array: new Uint8Array(0), view, dtype: 'bool' as const }];
    const reduce = (reducer: Reducer, expr: Expr, inputs: typeof bools | typeof ints | typeof floats) =>
      computeReduce({ reducer, over: [0], expr }, [40], inputs)[39];
    const [i, b] = [load(0, 'i32'), load(0, 'bool')];
    expect(['sum', 'prod', 'max', 'min'].map((r) => reduce(r as Reducer, x, floats))).toEqual([
      0,
      1,
      -Infinity,
      Infinity,
    ]);
    expect(['sum', 'prod', 'max', 'min'].map((r) => reduce(r as Reducer, i, ints))).toEqual([
      0, 1, -2147483648, 2147483647,
    ]);
    expect(['max', 'min'].map((r) => reduce(r as Reducer, b, bools))).toEqual([0, 1]);
    expectSame(
      computeReduce(
        { reducer: 'sum', over: [5], expr: x },
        [0],
        [{ array: noise(5), view: contiguous([0, 5]) }],
      ),
      [],
    );
  });
});

describe('around a reduction', () => {
  it('computes its operand and its epilogue in one kernel', () => {
    const [points, length] = [700, 30];
    const data = noise(points * length);
    const bias = noise(points, 3);
    const builder = new PlanBuilder();
    const expr = binary('mul', unary('abs', x), constant(0.3, 'f32'));
    const inputs = [access(builder.bind(data), contiguous([points, length]))];
    const mean = binary('div', acc('f32'), constant(length, 'f32'));
    const stores = [
      { buffer: builder.result('float32', points), expr: mean },
      { buffer: builder.result('float32', points), expr: binary('sub', mean, load(0, 'f32')) },
    ];
    builder.kernel({
      shape: [points],
      source: { kind: 'reduce', reducer: 'sum', over: [length], inputs, expr },
      inputs: [access(builder.bind(bias), contiguous([points]))],
      stores,
    });
    expect(builder.run()).toBeNull();
    const means = rowsOf(data, points).map((row) => {
      const sum = reduceInOrder(
        row.map((v) => Math.fround(Math.abs(v) * Math.fround(0.3))),
        roundedSum,
        0,
      );
      return Math.fround(sum / length);
    });
    expectSame(builder.results[0]!, means);
    expectSame(
      builder.results[1]!,
      means.map((m, i) => Math.fround(m - bias[i]!)),
    );
  });

  it('reduces an expression without inputs', () => {
    const expr = constant(0.1, 'f32');
    const got = computeReduce({ reducer: 'sum', over: [10, 10], expr }, [50], []);
    expectSame(got, new Array(50).fill(reduceInOrder(new Float32Array(100).fill(0.1), roundedSum, 0)));
  });
});
