import { type Arithmetic, notation } from './arithmetic.ts';

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

// R1(r^2 / 2) of s_expm1.c, same source.
const EXPM1 = [
  1, -0.03333333333333313, 0.0015873015872548146, -7.93650757867488e-5, 4.008217827329362e-6,
  -2.0109921818362437e-7,
];

const TANH_TOP = [-1614.6876844170845, -99.28772310019186, -0.9643991794250523];
const TANH_BOTTOM = [4844.063053251255, 2235.4883906010045, 112.81167849163293, 1];

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

/** e^x - 1. Below 1 ulp, also near 0. After fdlibm's s_expm1.c. */
export function expm1<T, B>(m: Arithmetic<T, B>, x: T): T {
  const { add, sub, mul, div, less, select, polynomial, clamp, twoSum } = notation(m);
  const { k, head, tail } = reduce(m, clamp(x, -50, 710));
  const r = sub(head, tail);
  const lost = sub(sub(head, r), tail);
  // e^(r + lost) - 1 = r - correction; s_expm1.c derives it.
  const half = mul(r, 0.5);
  const square = mul(r, half);
  const r1 = polynomial(square, EXPM1);
  const t = sub(3, mul(r1, half));
  const e = mul(square, div(sub(r1, t), sub(6, mul(r, t))));
  const correction = sub(sub(mul(r, sub(e, lost)), lost), square);
  // (e^x - 1) / 2^k = (1 - 2^-k) + (e^r - 1), where 1 - 2^-k is 0 for k = 0.
  const shift = sub(1, m.powerOfTwo(m.neg(select(less(64, k), 64, k))));
  const { sum, error } = twoSum(shift, r);
  const y = add(sum, sub(error, correction));
  return select(less(m.abs(x), TINY), x, scale(m, y, k));
}

/**
 * tanh x = x + x^3 P(x^2) / Q(x^2) up to 0.625, 1 - 2 / (e^(2x) + 1) beyond. Below 1.5 ulp. After Cephes 2.8
 * (S. L. Moshier, 2000), tanh.c.
 */
export function tanh<T, B>(m: Arithmetic<T, B>, x: T): T {
  const { add, sub, mul, div, less, select, polynomial } = notation(m);
  const size = m.abs(x);
  const near = less(size, 0.625);
  const square = mul(x, x);
  const top = select(near, mul(mul(x, square), polynomial(square, TANH_TOP)), 2);
  const q = div(top, select(near, polynomial(square, TANH_BOTTOM), add(exp(m, mul(size, 2)), 1)));
  const far = sub(1, q);
  const y = select(near, add(x, q), select(less(x, 0), m.neg(far), far));
  return select(less(size, TINY), x, y);
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
