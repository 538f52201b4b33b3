import ndarray from 'ndarray';
import { describe, expect, test } from 'vitest';
import { NdgradError, ones, ShapeError, tensor, ValueError } from '../../src/index.ts';
import { allClose, assertClose, type CloseOptions, type Comparable } from '../../src/testing.ts';

const inf = Number.POSITIVE_INFINITY;
const nan = Number.NaN;

/** The question and the assertion, which must agree. */
function close(actual: Comparable, expected: Comparable, options?: CloseOptions): boolean {
  const answer = allClose(actual, expected, options);
  if (answer) assertClose(actual, expected, options);
  else expect(() => assertClose(actual, expected, options)).toThrow(NdgradError);
  return answer;
}

const enormous: CloseOptions = { relative: 1e30, absolute: 1e300 };

describe('special values', () => {
  test.each([0, 1, -1, 3.4e38, 1.7e308, inf, -inf])('NaN against %d', (x) => {
    expect(close(nan, x, enormous)).toBe(false);
    expect(close(x, nan, enormous)).toBe(false);
  });

  test('NaN agrees with NaN', () => {
    expect(close(nan, nan)).toBe(true);
    expect(close([1, nan], [1, nan])).toBe(true);
    expect(close([nan, 1], [1, nan])).toBe(false);
    expect(close(tensor([nan]), Float32Array.of(nan))).toBe(true);
  });

  test.each([0, 1, -1, 3.4e38, -3.4e38, Number.MAX_VALUE, -Number.MAX_VALUE])(
    'an infinity against %d',
    (x) => {
      for (const infinity of [inf, -inf]) {
        for (const options of [undefined, enormous, { relative: inf, absolute: inf }]) {
          expect(close(x, infinity, options)).toBe(false);
          expect(close(infinity, x, options)).toBe(false);
        }
      }
    },
  );

  test('an infinity agrees with the same infinity alone', () => {
    expect(close(inf, inf)).toBe(true);
    expect(close(-inf, -inf)).toBe(true);
    for (const options of [undefined, enormous, { relative: inf, absolute: inf }]) {
      expect(close(-inf, inf, options)).toBe(false);
      expect(close(inf, -inf, options)).toBe(false);
    }
    expect(close(tensor([inf, -inf]), [inf, -inf])).toBe(true);
    expect(close(tensor([inf, inf]), [inf, -inf])).toBe(false);
  });

  test('signs of zero', () => {
    expect(close(-0, 0)).toBe(true);
    expect(close(0, -0, { relative: 0, absolute: 0 })).toBe(true);
    expect(close(-0, 0, { signedZeros: true })).toBe(false);
    expect(close(0, -0, { signedZeros: true, absolute: 1 })).toBe(false);
    expect(close(-0, -0, { signedZeros: true })).toBe(true);
    expect(close(1e-9, -0, { signedZeros: true })).toBe(true);
    expect(close(tensor([-0]), tensor([0]), { signedZeros: true })).toBe(false);
    expect(() => assertClose([-0], [0], { signedZeros: true })).toThrow('at [0]: got -0, wanted 0');
  });
});

describe('tolerances', () => {
  test('the absolute one, at the edge', () => {
    expect(close(0.25, 0, { absolute: 0.25 })).toBe(true);
    expect(close(-0.25, 0, { absolute: 0.25 })).toBe(true);
    expect(close(0.25 + 2 ** -54, 0, { absolute: 0.25 })).toBe(false);
  });

  test('the relative one, at the edge', () => {
    const half: CloseOptions = { relative: 0.5, absolute: 0 };
    expect(close(6, 4, half)).toBe(true);
    expect(close(2, 4, half)).toBe(true);
    expect(close(-6, -4, half)).toBe(true);
    expect(close(6.0001, 4, half)).toBe(false);
    expect(close(1.9999, 4, half)).toBe(false);
  });

  test('the relative one is of the expected value', () => {
    const half: CloseOptions = { relative: 0.5, absolute: 0 };
    expect(close(4, 8, half)).toBe(true);
    expect(close(8, 4, half)).toBe(false);
    expect(close(1e-300, 0, half)).toBe(false);
  });

  test('both add up', () => {
    expect(close(7, 4, { relative: 0.5, absolute: 1 })).toBe(true);
    expect(close(7.001, 4, { relative: 0.5, absolute: 1 })).toBe(false);
  });

  test('defaults: 1e-5 and 1e-8', () => {
    expect(close(1.000009, 1)).toBe(true);
    expect(close(1.000011, 1)).toBe(false);
    expect(close(0.9e-8, 0)).toBe(true);
    expect(close(1.1e-8, 0)).toBe(false);
    expect(close(1 + 2 ** -52, 1, { relative: 0, absolute: 0 })).toBe(false);
  });

  test('integers and bools are compared exactly unless a tolerance is given', () => {
    expect(close(Int32Array.of(1_000_001), Int32Array.of(1_000_000))).toBe(false);
    expect(close(Int32Array.of(1_000_001), Int32Array.of(1_000_000), { absolute: 1 })).toBe(true);
    expect(close(tensor([1_000_001], { dtype: 'int32' }), [1_000_000])).toBe(false);
    expect(close([true, false], [true, true])).toBe(false);
    expect(close([1_000_001], [1_000_000])).toBe(true);
  });
});

describe('shapes', () => {
  test('must be equal, also where values repeat', () => {
    expect(close([1, 1], 1)).toBe(false);
    expect(close([[1, 1]], [1, 1])).toBe(false);
    expect(close([[1], [1]], [[1, 1]])).toBe(false);
    expect(close(ones([2, 3]), ones([3, 2]))).toBe(false);
    expect(() => assertClose(ones([2, 3]), ones([6]))).toThrow('got shape [2, 3], wanted [6].');
  });

  test('empty arrays agree where their shapes do', () => {
    expect(close([], [])).toBe(true);
    expect(close(ones([0, 3]), ones([0, 3]))).toBe(true);
    expect(close(ones([0, 3]), ones([3, 0]))).toBe(false);
    expect(close([[], []], [[]])).toBe(false);
  });

  test('ragged nested arrays are refused', () => {
    expect(() => allClose([[1, 2], [3]], [[1, 2], [3]])).toThrow(ShapeError);
    expect(() => allClose([1, [2]], [1, 2])).toThrow(ShapeError);
    expect(() => allClose([[1], 2], [[1], [2]])).toThrow(ShapeError);
  });
});

describe('kinds of arrays', () => {
  const matrix = [
    [1, 2, 3],
    [4, 5, 6],
  ];

  test.each<[string, Comparable]>([
    ['a tensor', tensor(matrix)],
    ['a computed tensor', tensor(matrix).add(1).sub(1)],
    ['a view', tensor(matrix).transpose().transpose()],
    ['nested arrays', matrix],
    ['an ndarray', ndarray(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3])],
    ['a transposed ndarray', ndarray(Float32Array.of(1, 4, 2, 5, 3, 6), [3, 2]).transpose(1, 0)],
  ])('%s', (_name, x) => {
    expect(close(x, matrix)).toBe(true);
    expect(close(matrix, x)).toBe(true);
    expect(close(x, [matrix[1]!, matrix[0]!])).toBe(false);
  });

  test.each([Float32Array, Float64Array, Int32Array, Uint8Array])('%o', (type) => {
    expect(close(type.of(1, 2), [1, 2])).toBe(true);
    expect(close([1, 2], type.of(1, 2))).toBe(true);
    expect(close(type.of(1, 2), [1, 3])).toBe(false);
    expect(close(type.of(1, 2), [[1, 2]])).toBe(false);
  });

  test('scalars', () => {
    expect(close(tensor(2), 2)).toBe(true);
    expect(close(true, tensor(true))).toBe(true);
    expect(close(false, true)).toBe(false);
    expect(close(2, [2])).toBe(false);
  });

  test('what is no array is refused', () => {
    const wrong: unknown[] = [{ 0: 1, length: 1 }, null, undefined, 'one'];
    for (const x of wrong) {
      expect(() => allClose(x as Comparable, [1])).toThrow(ValueError);
      expect(() => assertClose([1], x as Comparable)).toThrow(ValueError);
    }
  });
});

describe('data types', () => {
  test('must be equal where both sides have one', () => {
    expect(close(Float32Array.of(1), Int32Array.of(1))).toBe(false);
    expect(close(tensor([1]), tensor([1], { dtype: 'int32' }))).toBe(false);
    expect(close(tensor([true]), tensor([1], { dtype: 'uint8' }))).toBe(false);
    expect(close([true], tensor([1]))).toBe(false);
    expect(() => assertClose(tensor([1]), Int32Array.of(1))).toThrow('got dtype float32, wanted int32.');
  });

  test('numbers and Float64Arrays fit any', () => {
    for (const dtype of ['float32', 'int32', 'uint8', 'bool'] as const) {
      expect(close(tensor([1], { dtype }), [1])).toBe(true);
      expect(close(tensor([1], { dtype }), Float64Array.of(1))).toBe(true);
    }
  });

  test('a Uint8Array holds uint8 or bool', () => {
    expect(close(tensor([true]), Uint8Array.of(1))).toBe(true);
    expect(close(tensor([1], { dtype: 'uint8' }), Uint8Array.of(1))).toBe(true);
    expect(close([true], Uint8Array.of(1))).toBe(true);
    expect(close(tensor([1]), Uint8Array.of(1))).toBe(false);
  });
});

test('the message shows the first places', () => {
  const actual = [
    [1, 2],
    [nan, 4],
  ];
  const expected = [
    [1, 2.5],
    [3, inf],
  ];
  expect(() => assertClose(actual, expected, { relative: 0, absolute: 0.1 })).toThrow(
    '[assertClose] 3 of 4 values of shape [2, 2] differ by more than 0.1 + 0 * |wanted|:\n' +
      '  at [0, 1]: got 2, wanted 2.5\n' +
      '  at [1, 0]: got NaN, wanted 3\n' +
      '  at [1, 1]: got 4, wanted Infinity',
  );
  expect(() => assertClose(ones([9]), new Float32Array(9))).toThrow(/^(?:.*\n){6} {2}\.\.\.$/);
});
