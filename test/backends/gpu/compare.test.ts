import { expect, test } from 'vitest';
import { firstMiss, largest, withoutDenormals } from './compare.ts';

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
const HUGE = 3.4028234663852886e38;

/** The message for one float32 number. */
const of = (got: number, wanted: number, relative = 0, scale?: number) =>
  firstMiss(Float32Array.of(got), [[wanted]], {
    relative,
    ...(scale === undefined ? {} : { scale: [scale] }),
  });

test.each([
  ['a number', 0.1, 0.1],
  ['what rounds to it', 0.1, 0.1 + 1e-10],
  ['zeros of either sign', 0, -0],
  ['NaN', nan, nan],
  ['infinities', -infinity, -infinity],
  ['what overflows', infinity, 3.5e38],
  ['a denormal', 1e-40, 1e-40],
  ['a denormal as zero', 0, -1e-40],
  ['a denormal that rounds to zero', 0, 1e-50],
])('%s counts as equal', (_, got, wanted) => {
  expect(of(got, wanted)).toBeNull();
});

test.each([
  ['the next number', 1 + 2 ** -23, 1],
  ['another number for NaN', 0, nan],
  ['NaN', nan, 0],
  ['NaN for infinity', nan, infinity],
  ['an infinity', infinity, 1],
  ['the other infinity', -infinity, infinity],
  ['a number for infinity', HUGE, infinity],
  ['zero for a number', 0, 1.2e-38],
  ['a denormal for zero', 1e-40, 0],
  ['a number for a denormal', 1.2e-38, 1e-40],
])('%s does not', (_, got, wanted) => {
  expect(of(got, wanted)).toBe(`element 0 of 1 is ${Math.fround(got)}, wanted ${wanted}`);
  expect(of(got, wanted, 1e-8)).not.toBeNull();
});

test('errors are relative to the number, or to its scale where that is larger', () => {
  expect(of(100.0009, 100, 1e-5)).toBeNull();
  expect(of(100.0011, 100, 1e-5)).not.toBeNull();
  expect(of(99.9989, 100, 1e-5)).not.toBeNull();
  expect(of(1e-3, 0, 1e-5)).not.toBeNull();
  expect(of(0.9e-3, 0, 1e-5, 100)).toBeNull();
  expect(of(1.1e-3, 0, 1e-5, 100)).not.toBeNull();
  expect(of(100.0009, 100, 1e-5, 1)).toBeNull();
  // An infinite scale does not make every result right.
  expect(of(nan, 1, 1e-5, infinity)).not.toBeNull();
  expect(of(2, 1, 1e-5, infinity)).not.toBeNull();
});

test('a result may overflow only within the tolerance', () => {
  expect(of(infinity, HUGE, 1e-5)).toBeNull();
  expect(of(HUGE, 3.402824e38, 1e-5)).toBeNull();
  expect(of(infinity, 3.4e38, 1e-5)).not.toBeNull();
  expect(of(-infinity, HUGE, 1e-5)).not.toBeNull();
  expect(of(infinity, 0, 1e-5, 1e39)).toBeNull();
});

test('an element may match any of several lists', () => {
  const got = Float32Array.of(1, 2, 3);
  expect(
    firstMiss(got, [
      [1, 0, 3],
      [0, 2, 0],
    ]),
  ).toBeNull();
  expect(
    firstMiss(got, [
      [1, 0, 0],
      [0, 2, 0],
    ]),
  ).toBe('element 2 of 3 is 3, wanted 0');
  expect(
    firstMiss(got, [
      [1, 2, 7],
      [0, 2, 8],
    ]),
  ).toBe('element 2 of 3 is 3, wanted 7 or 8');
});

test('lengths must be equal', () => {
  expect(firstMiss(new Float32Array(2), [[0, 0, 0]])).toBe('2 elements, wanted 3');
  expect(firstMiss(new Float32Array(0), [[]])).toBeNull();
});

test.each([Int32Array.of(5), Uint8Array.of(5)])('integers have no tolerance', (got) => {
  expect(firstMiss(got, [[5]])).toBeNull();
  expect(firstMiss(got, [[6]], { relative: 1, scale: [100] })).toBe('element 0 of 1 is 5, wanted 6');
});

test('denormals become zeros', () => {
  const array = Float32Array.of(1e-40, -1e-40, 1.2e-38, nan, infinity);
  expect([...withoutDenormals(array)]).toEqual([0, 0, Math.fround(1.2e-38), nan, infinity]);
  const normal = Float32Array.of(0, 1);
  expect(withoutDenormals(normal)).toBe(normal);
  const whole = Int32Array.of(1);
  expect(withoutDenormals(whole)).toBe(whole);
});

test('the largest finite magnitude is a scale for all', () => {
  expect([...largest([1, -3, nan, -infinity])]).toEqual([3, 3, 3, 3]);
  expect([...largest([])]).toEqual([]);
  expect([...largest([0.5, 0.25], 1)]).toEqual([1, 1]);
});
