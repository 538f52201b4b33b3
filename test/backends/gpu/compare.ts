import type { TypedArray } from '../../../src/ir/dtype.ts';

// Compares results of a device with true values. Integers, bools and bytes must be equal. float32 numbers may have
// rounding errors, and devices may treat a denormal as 0 and give a zero either sign.

/** The allowed error of float32 results. */
export interface Tolerance {
  /** Relative to the larger of the wanted value's magnitude and its scale; 0 requires the wanted value rounded to float32. */
  readonly relative: number;
  /** For each element a magnitude that rounding errors are relative to, such as the sum of the magnitudes of all terms. */
  readonly scale?: ArrayLike<number>;
}

/** The smallest float32 number that is not a denormal, and the largest. */
const TINY = 2 ** -126;
const HUGE = 2 ** 128 - 2 ** 104;

/**
 * Describes the first wrong element; null if there is none. `wanted` holds lists of true values, which need not be
 * rounded. An element may match any of the lists, since a device may treat denormal operands as zeros.
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

/** The smallest positive float32. */
const SMALLEST = 1.401298464324817e-45;

function isClose(x: number, w: number, relative: number, magnitude: number): boolean {
  if (Number.isNaN(w)) return Number.isNaN(x);
  // An infinite operand makes the result infinite or NaN, without rounding errors.
  const scale = Number.isFinite(magnitude) ? magnitude : 0;
  // The sum of the terms exceeds float32: a partial sum may be infinite in one order and finite in another.
  if (scale > HUGE) return true;
  if (x === Math.fround(w)) return true;
  if (x === 0 && Math.abs(w) < TINY) return true;
  // Each term below the normal numbers is rounded to a multiple of the smallest one.
  if (Math.abs(x - w) <= 4 * SMALLEST) return true;
  if (Number.isNaN(x)) return false;
  // Overflow starts half a step above the largest number. Within the tolerance either result is right.
  const reach = relative * Math.max(Math.abs(w), scale);
  if (!Number.isFinite(x)) return Math.sign(x) === Math.sign(w) && Math.abs(w) + reach > HUGE;
  if (!Number.isFinite(w)) return false;
  return Math.abs(x - w) <= reach;
}

/** The array with denormals replaced by zeros, as devices may read it; the array itself if it has none. */
export function withoutDenormals(array: TypedArray): TypedArray {
  const isDenormal = (x: number): boolean => x !== 0 && Math.abs(x) < TINY;
  if (!(array instanceof Float32Array) || !array.some(isDenormal)) return array;
  return array.map((x) => (isDenormal(x) ? 0 : x));
}

/** The largest finite magnitude, or `least`, for every element: a scale where errors of one element may affect others. */
export function largest(values: ArrayLike<number>, least = 0): Float64Array {
  const array = Float64Array.from(values);
  const most = array.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), least);
  return array.fill(most);
}
