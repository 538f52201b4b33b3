import type { Arithmetic } from './arithmetic.ts';
import { erf } from './error.ts';
import { exp, expm1, tanh } from './exponential.ts';
import { log, log1p } from './logarithm.ts';
import { pow } from './power.ts';
import { cos, sin } from './trigonometric.ts';

/** The definitions of the intrinsics of one argument, by name. */
export const unaryIntrinsics = { exp, expm1, log, log1p, sin, cos, tanh, erf } satisfies Record<
  string,
  <T, B>(m: Arithmetic<T, B>, x: T) => T
>;

/** The definitions of the intrinsics of two arguments, by name. */
export const binaryIntrinsics = { pow } satisfies Record<
  string,
  <T, B>(m: Arithmetic<T, B>, x: T, y: T) => T
>;
