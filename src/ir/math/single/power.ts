import type { SingleArithmetic } from '../arithmetic.ts';
import * as double from '../double/power.ts';

/** x^y, with all the special values of C99, computed in doubles. */
export function pow<T, B>(m: SingleArithmetic<T, B>, x: T, y: T): T {
  return m.inDouble((d, a, b) => [double.pow(d, a, b)], x, y)[0]!;
}
