import type { TypedArray } from '../../../src/ir/dtype.ts';

// How results of a device are held against true values. Integers, bools and bytes must be equal; float32
// numbers may be off by rounding, and by what devices are free to do: a denormal may count as 0, and a
// zero may have either sign.

/** How far float32 results may lie from the wanted ones. */
export interface Tolerance {
  /**
   * Of the larger of the wanted value's magnitude and its scale; 0 asks for the wanted value rounded to
   * float32.
   */
  readonly relative: number;
  /** For each element the magnitude that rounding errors go by, such as the sum of what was added up. */
  readonly scale?: ArrayLike<number>;
}

/** The smallest float32 number that is not a denormal, and the largest. */
const TINY = 2 ** -126;
const HUGE = 2 ** 128 - 2 ** 104;

/**
 * The first element that is wrong; null where there is none. `wanted` holds true values, which need not be
 * rounded. With several lists of them an element may be that of any: a device may take denormal operands
 * for zeros.
 */
export function firstMiss(
  got: TypedArray,
  wanted: readonly ArrayLike<number>[],
  { relative, scale }: Tolerance = { relative: 0 },
): string | null {
  for (const list of wanted)
    if (list.length !== got.length) return `${got.length} elements, wanted ${list.length}`;
  const isFloat = got instanceof Float32Array;
  for (let i = 0; i < got.length; i++) {
    const x = got[i]!;
    const fits = (w: number): boolean =>
      isFloat ? isClose(x, w, relative, scale === undefined ? 0 : scale[i]!) : x === w;
    if (wanted.some((list) => fits(list[i]!))) continue;
    const values = [...new Set(wanted.map((list) => list[i]!))];
    return `element ${i} of ${got.length} is ${x}, wanted ${values.join(' or ')}`;
  }
  return null;
}

function isClose(x: number, w: number, relative: number, magnitude: number): boolean {
  if (Number.isNaN(w)) return Number.isNaN(x);
  // An infinite operand makes its result infinite or NaN, which has no error.
  const scale = Number.isFinite(magnitude) ? magnitude : 0;
  // What was added up is beyond float32: on the way there may have been an infinity, in another order none.
  if (scale > HUGE) return true;
  if (x === Math.fround(w)) return true;
  if (x === 0 && Math.abs(w) < TINY) return true;
  if (Number.isNaN(x)) return false;
  // Overflow begins half a step beyond the largest number: as far as errors reach, both sides are right.
  const reach = relative * Math.max(Math.abs(w), scale);
  if (!Number.isFinite(x)) return Math.sign(x) === Math.sign(w) && Math.abs(w) + reach > HUGE;
  if (!Number.isFinite(w)) return false;
  return Math.abs(x - w) <= reach;
}

/** An array with its denormals as zeros, as devices may read it; the array itself where it has none. */
export function withoutDenormals(array: TypedArray): TypedArray {
  const isDenormal = (x: number): boolean => x !== 0 && Math.abs(x) < TINY;
  if (!(array instanceof Float32Array) || !array.some(isDenormal)) return array;
  return array.map((x) => (isDenormal(x) ? 0 : x));
}

/**
 * For each element the largest of all, or `least`: a scale where rounding errors of one may reach another.
 */
export function largest(values: ArrayLike<number>, least = 0): Float64Array {
  const array = Float64Array.from(values);
  const most = array.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), least);
  return array.fill(most);
}
