/**
 * Elementary functions with the same bits in every engine: `exp`, `log` and the rest as functions on numbers
 * for the host, and as definitions over an abstract arithmetic, from which other backends make code of their
 * own. Host `Math.exp` and its like differ in their last bits between engines.
 */
export type { Arithmetic } from './arithmetic.ts';
export { cos, erf, exp, expm1, log, log1p, pow, sin, tanh } from './host.ts';
export { binaryIntrinsics, unaryIntrinsics } from './intrinsics.ts';
