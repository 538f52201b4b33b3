import type { TypedArray } from '../../src/ir/dtype.ts';

/** The first place where two arrays differ in their bits, all NaNs counting as equal; null where there is none. */
export function firstDifference(a: TypedArray, b: TypedArray): string | null {
  if (a.constructor !== b.constructor) return `${a.constructor.name} against ${b.constructor.name}`;
  if (a.length !== b.length) return `${a.length} elements against ${b.length}`;
  for (let i = 0; i < a.length; i++) {
    if (!Object.is(a[i], b[i])) return `at ${i}: ${show(a[i]!)} against ${show(b[i]!)}`;
  }
  return null;
}

const show = (x: number): string => (Object.is(x, -0) ? '-0' : String(x));
