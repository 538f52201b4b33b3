import { type Expr, postorder } from '../../../ir/expr.ts';

/**
 * Nanoseconds for one element of the operations that cost more than a SIMD instruction, measured at 3 GHz; rough.
 */
const nanoseconds: { readonly [op: string]: number } = {
  const: 0,
  uniform: 0,
  acc: 0.1,
  div: 0.6,
  mod: 3,
  sqrt: 0.5,
  exp: 1.1,
  expm1: 1.1,
  log: 1.2,
  log1p: 1.7,
  sin: 1.2,
  cos: 1.2,
  tanh: 1.8,
  erf: 2.2,
  sigmoid: 1.3,
  softplus: 2.3,
  pow: 23,
  philox: 1.2,
};

/** Estimated nanoseconds of one thread for expressions at `points` points. */
export function costOf(points: number, roots: readonly Expr[]): number {
  let each = 0.2 * roots.length;
  for (const e of postorder(roots)) {
    each += e.op === 'load' ? (e.args.length > 0 ? 2 : 0.2) : (nanoseconds[e.op] ?? 0.1);
  }
  return points * each;
}
