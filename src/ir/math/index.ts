/**
 * Elementary functions with the same bits in every engine. The host's `Math.exp` and similar functions differ in their last
 * bits between engines.
 *
 * `intrinsics` are definitions of functions of float32 numbers over an abstract arithmetic; backends compute with them or
 * generate code from them. The functions on numbers compute in doubles.
 */
export type { Arithmetic, DoubleArithmetic, SingleArithmetic } from './arithmetic.ts';
export { cos, erf, exp, log, log1p, pow, sin } from './double/host.ts';
export { floats } from './single/host.ts';
export { intrinsics } from './single/intrinsics.ts';
