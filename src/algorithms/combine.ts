import type { Elements, Reducer } from '../ir/kernel.ts';

export type Combiner = Exclude<Reducer, 'argmax' | 'argmin'>;

/** The initial value of a reduction, as in `Reduce`. */
export const identityOf = (reducer: Combiner, isFloat: boolean): number =>
  ({
    sum: 0,
    prod: 1,
    max: isFloat ? -Infinity : -2147483648,
    min: isFloat ? Infinity : 2147483647,
  })[reducer];

/** How the reference combines two values of the type that `out` holds: float32 values are rounded, integers wrap. */
export function combinerOf(
  reducer: Combiner,
  out: Elements,
): { combine: (a: number, b: number) => number; identity: number } {
  const isFloat = Object.prototype.toString.call(out).includes('Float');
  const round = out.BYTES_PER_ELEMENT === 4 ? Math.fround : (x: number) => x;
  const combine = {
    sum: isFloat ? (a: number, b: number) => round(a + b) : (a: number, b: number) => (a + b) | 0,
    prod: isFloat ? (a: number, b: number) => round(a * b) : Math.imul,
    max: Math.max,
    min: Math.min,
  }[reducer];
  return { combine, identity: identityOf(reducer, isFloat) };
}
