import { type Arithmetic, notation } from '../arithmetic.ts';

const LOG2_E = 1.4426950408889634;
/** ln 2 in two parts; the first has 32 bits, so that its product with an exponent is exact. */
export const LN2_HEAD = 0.6931471803691238;
export const LN2_TAIL = 1.9082149292705877e-10;
/** 2^-54: below it a function with f(0) = 0 and f'(0) = 1 is its argument, -0 included. */
export const TINY = 5.551115123125783e-17;

// r - t P(t), t = r^2, of e^r = 1 + r + r c / (2 - c); |r| <= ln(2) / 2. fdlibm 5.3 (Sun Microsystems, 1993),
// e_exp.c.
const EXP = [
  0.16666666666666602, -0.0027777777777015593, 6.613756321437934e-5, -1.6533902205465252e-6,
  4.1381367970572385e-8,
];

/** e^x. Below 1 ulp. After fdlibm's e_exp.c (Cody and Waite's reduction, a rational function of r^2). */
export function exp<T, B>(m: Arithmetic<T, B>, x: T): T {
  const { add, sub, mul, div, polynomial, clamp } = notation(m);
  const { k, head, tail } = reduce(m, clamp(x, -746, 710));
  const r = sub(head, tail);
  const t = mul(r, r);
  const c = sub(r, mul(t, polynomial(t, EXP)));
  // 1 + r + r c / (2 - c), the parts of r added one by one.
  return scale(m, add(1, sub(head, sub(tail, div(mul(r, c), sub(2, c))))), k);
}

/** x = k ln 2 + head - tail, |head - tail| <= ln(2) / 2 and head exact; |x| < 2^10. */
function reduce<T, B>(m: Arithmetic<T, B>, x: T): { k: T; head: T; tail: T } {
  const { sub, mul, nearest } = notation(m);
  const k = nearest(mul(x, LOG2_E));
  return { k, head: sub(x, mul(k, LN2_HEAD)), tail: mul(k, LN2_TAIL) };
}

/** y 2^k, rounded once; y near 1 and |k| < 1100. */
export function scale<T, B>(m: Arithmetic<T, B>, y: T, k: T): T {
  const { sub, mul, nearest } = notation(m);
  const half = nearest(mul(k, 0.5));
  return mul(mul(y, m.powerOfTwo(half)), m.powerOfTwo(sub(k, half)));
}
