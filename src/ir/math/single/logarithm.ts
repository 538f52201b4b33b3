import { type Arithmetic, notation, type SingleArithmetic } from '../arithmetic.ts';
import { LN2_HEAD, LN2_TAIL } from './exponential.ts';

/** 2^-126: smaller numbers are subnormal. */
const NORMAL = 1.1754944e-38;
/** 2^64: up to here 2^-k is a normal number in `log1p`, and beyond 1 + x is x. */
const LARGE = 18446744073709551616;
/** R(s^2) of log(1 + f) = 2 s + s^3 R(s^2), s = f / (2 + f), |s| < 0.1716. */
const LOG = [0.66666776, 0.39977497, 0.29873073];

/** ln x; -Infinity at 0, NaN below. Below 1 ulp, and monotone. After fdlibm's e_log.c. */
export function log<T, B>(m: SingleArithmetic<T, B>, x: T): T {
  const { sub, mul, less } = notation(m);
  const { k, fraction } = m.split(x);
  const special = (): T => {
    const scaled = m.split(mul(x, 16777216));
    return logOutside(m, x, logOf(m, sub(scaled.k, 24), sub(scaled.fraction, 1)));
  };
  const isSpecial = m.or(less(x, NORMAL), m.not(less(x, Infinity)));
  return m.seldom(isSpecial, () => [special()], [logOf(m, k, sub(fraction, 1))])[0]!;
}

/** ln(1 + x); -Infinity at -1, NaN below. Below 1.5 ulp, also near 0. */
export function log1p<T, B>(m: SingleArithmetic<T, B>, x: T): T {
  const { add, sub, mul, less } = notation(m);
  const sum = add(1, x);
  const { k, fraction } = m.split(sum);
  // (1 + x) / 2^k - 1, rounded once.
  const power = m.powerOfTwo(m.neg(k));
  const y = m.withSign(logOf(m, k, add(sub(power, 1), mul(x, power))), x);
  const isSpecial = m.not(m.and(less(0, sum), less(sum, LARGE)));
  const special = (): T => logOutside(m, sum, logOf(m, k, sub(fraction, 1)));
  return m.seldom(isSpecial, () => [special()], [y])[0]!;
}

/** k ln 2 + ln(1 + f); 1 + f between sqrt(1/2) and sqrt 2. */
function logOf<T, B>(m: Arithmetic<T, B>, k: T, f: T): T {
  const { add, sub, mul, div, polynomial } = notation(m);
  const s = div(f, add(f, 2));
  const z = mul(s, s);
  const half = mul(mul(f, f), 0.5);
  const low = add(mul(s, add(half, mul(z, polynomial(z, LOG)))), mul(k, LN2_TAIL));
  return sub(mul(k, LN2_HEAD), sub(sub(half, low), f));
}

/** `y`, the logarithm of x, corrected for x that is not positive and finite. */
function logOutside<T, B>(m: Arithmetic<T, B>, x: T, y: T): T {
  const { less, equal, select } = notation(m);
  const finite = select(less(x, Infinity), y, x);
  return select(less(0, x), finite, select(equal(x, 0), -Infinity, NaN));
}
