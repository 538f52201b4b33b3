import { type DoubleArithmetic, notation } from '../arithmetic.ts';
import { LN2_HEAD, LN2_TAIL, TINY } from './exponential.ts';

// R(s^2) of log(1 + f) = 2 s + s R, s = f / (2 + f), |s| < 0.1716. fdlibm 5.3 (Sun Microsystems, 1993),
// e_log.c.
const LOG = [
  0.6666666666666735, 0.3999999999940942, 0.2857142874366239, 0.22222198432149784, 0.1818357216161805,
  0.15313837699209373, 0.14798198605116586,
];

/** ln x; -Infinity at 0, NaN below. Below 1 ulp. After fdlibm's e_log.c. */
export function log<T, B>(m: DoubleArithmetic<T, B>, x: T): T {
  const { sub } = notation(m);
  const { k, fraction } = split(m, x, Math.SQRT2);
  return logOutside(m, x, logOf(m, k, sub(fraction, 1), m.constant(0)));
}

/** ln(1 + x); -Infinity at -1, NaN below. Below 1 ulp, also near 0. After fdlibm's s_log1p.c. */
export function log1p<T, B>(m: DoubleArithmetic<T, B>, x: T): T {
  const { sub, div, less, equal, select, twoSum } = notation(m);
  const { sum, error } = twoSum(m.constant(1), x);
  const { k, fraction } = split(m, sum, Math.SQRT2);
  const near = equal(k, 0);
  const y = logOf(m, k, select(near, x, sub(fraction, 1)), select(near, 0, div(error, sum)));
  return select(less(m.abs(x), TINY), x, logOutside(m, sum, y));
}

/**
 * x = 2^k fraction with 1 <= fraction * `root` < 2 up to rounding, for x > 0; `root` is 1 or sqrt 2.
 * Infinities, zeros and NaN give any numbers.
 */
export function split<T, B>(m: DoubleArithmetic<T, B>, x: T, root: number): { k: T; fraction: T } {
  const { add, mul, less, select } = notation(m);
  // Far from both ends of the exponent range, so that no power of two below is subnormal or infinite.
  const small = less(x, 9.332636185032189e-302);
  const y = mul(select(small, mul(x, 18014398509481984), x), 0.25);
  const e = m.exponent(mul(y, root));
  return { k: add(e, select(small, -52, 2)), fraction: mul(y, m.powerOfTwo(m.neg(e))) };
}

/** k ln 2 + ln(1 + f) + c; 1 + f between sqrt(1/2) and sqrt 2, c tiny. */
function logOf<T, B>(m: DoubleArithmetic<T, B>, k: T, f: T, c: T): T {
  const { add, sub, mul, div, polynomial } = notation(m);
  const s = div(f, add(f, 2));
  const z = mul(s, s);
  const r = mul(z, polynomial(z, LOG));
  const half = mul(mul(f, f), 0.5);
  const low = add(mul(s, add(half, r)), add(mul(k, LN2_TAIL), c));
  return sub(mul(k, LN2_HEAD), sub(sub(half, low), f));
}

/** `y`, the logarithm of x, corrected for x that is not positive and finite. */
function logOutside<T, B>(m: DoubleArithmetic<T, B>, x: T, y: T): T {
  const { less, equal, select } = notation(m);
  const finite = select(less(x, Infinity), y, x);
  return select(less(0, x), finite, select(equal(x, 0), -Infinity, NaN));
}
