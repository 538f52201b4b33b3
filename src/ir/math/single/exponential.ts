import { type Arithmetic, notation, type SingleArithmetic } from '../arithmetic.ts';

const LOG2_E = 1.442695;
/** ln 2 in two parts; the first has 9 bits, so that its product with an exponent is exact. */
export const LN2_HEAD = 0.693359375;
export const LN2_TAIL = -2.1219444e-4;

// Polynomials of this folder: minimax approximations in the weighted error, by Lawson's method, rounded to float32.

/** P(r) of e^r = 1 + r + r^2 P(r), |r| <= ln(2) / 2. */
const EXP = [0.49999994, 0.16666521, 0.04166839, 0.008368745, 0.0013814539];
/** The same with a small error relative to e^r - 1. */
const EXPM1 = [0.49999997, 0.16666543, 0.0416672, 0.0083665475, 0.0013882517];

/** T(x^2) of tanh x = x + x^3 T(x^2), |x| <= 0.625. */
const TANH = [-0.3333328, 0.13331442, -0.053739715, 0.020639086, -0.0057049864];

/** e^x. Below 1 ulp, and monotone. */
export function exp<T, B>(m: SingleArithmetic<T, B>, x: T): T {
  const { clamp, add } = notation(m);
  const { k, r } = reduce(m, clamp(x, -104, 89));
  return m.scale(add(1, expm1Of(m, r, EXP)), k);
}

/** e^x - 1. Below 2 ulp, also near 0. */
export function expm1<T, B>(m: SingleArithmetic<T, B>, x: T): T {
  const { add, sub, less, select, clamp } = notation(m);
  const { k, r } = reduce(m, clamp(x, -20, 89));
  // (e^x - 1) / 2^k = (1 - 2^-k) + (e^r - 1), where 1 - 2^-k is 0 for k = 0.
  const shift = sub(1, m.powerOfTwo(m.neg(select(less(64, k), 64, k))));
  return m.withSign(m.scale(add(shift, expm1Of(m, r, EXPM1)), k), x);
}

/** tanh x, beyond 0.625 as 1 - 2 / (e^(2x) + 1). Below 1.5 ulp, and monotone. */
export function tanh<T, B>(m: SingleArithmetic<T, B>, x: T): T {
  const { add, sub, mul, div, less, select, polynomial } = notation(m);
  const size = m.abs(x);
  const square = mul(size, size);
  const near = add(size, mul(mul(size, square), polynomial(square, TANH)));
  const limited = select(less(10, size), 10, size);
  const far = sub(1, div(2, add(expOfModerate(m, add(limited, limited)), 1)));
  return m.withSign(select(less(size, 0.625), near, far), x);
}

/** e^x for |x| <= 80. The bits of `exp`. */
export function expOfModerate<T, B>(m: Arithmetic<T, B>, x: T): T {
  const { add, mul } = notation(m);
  const { k, r } = reduce(m, x);
  return mul(add(1, expm1Of(m, r, EXP)), m.powerOfTwo(k));
}

/** r + r^2 P(r) */
function expm1Of<T, B>(m: Arithmetic<T, B>, r: T, p: readonly number[]): T {
  const { add, mul, polynomial } = notation(m);
  return add(r, mul(mul(r, r), polynomial(r, p)));
}

/** x = k ln 2 + r, |r| <= ln(2) / 2; |x| < 2^7. */
function reduce<T, B>(m: Arithmetic<T, B>, x: T): { k: T; r: T } {
  const { sub, mul, nearest } = notation(m);
  const k = nearest(mul(x, LOG2_E));
  return { k, r: sub(sub(x, mul(k, LN2_HEAD)), mul(k, LN2_TAIL)) };
}
