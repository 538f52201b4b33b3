/**
 * Elementary functions with the same bits in every engine: as functions on numbers, and as definitions over an abstract
 * arithmetic, from which backends generate code. The host's `Math.exp` and similar functions differ in their last bits
 * between engines.
 */
export type { Arithmetic } from './arithmetic.ts';
export { cos, erf, exp, expm1, log, log1p, pow, sin, tanh } from './host.ts';
export { binaryIntrinsics, unaryIntrinsics } from './intrinsics.ts';
