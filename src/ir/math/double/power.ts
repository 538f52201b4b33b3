import { type DoubleArithmetic, notation } from '../arithmetic.ts';
import { scale } from './exponential.ts';
import { split } from './logarithm.ts';

// log2(x) and 2^z in more than double precision. Method and coefficients: fdlibm 5.3 (Sun Microsystems,
// 1993), e_pow.c.

/** 3/2 (ln(x) - 2 s - 2/3 s^3) / s^5 for s = (x - c) / (x + c), c = 1 or 3/2. */
const LOG = [
  0.5999999999999946, 0.4285714285785502, 0.33333332981837743, 0.272728123808534, 0.23066074577556175,
  0.20697501780033842,
];
/** 2 / (3 ln 2); heads have 24 bits. */
const LOG_SCALE = 0.9617966939259756;
const LOG_SCALE_HEAD = 0.9617967009544373;
const LOG_SCALE_TAIL = -7.028461650952758e-9;
/** log2(3/2) */
const LOG2_1_5_HEAD = 0.5849624872207642;
const LOG2_1_5_TAIL = 1.350039202129749e-8;

const LN2 = 0.6931471805599453;
const LN2_HEAD = 0.6931471824645996;
const LN2_TAIL = -1.904654299957768e-9;
const EXP = [
  0.16666666666666602, -0.0027777777777015593, 6.613756321437934e-5, -1.6533902205465252e-6,
  4.1381367970572385e-8,
];

/**
 * x^y, with all the special values of C99: 1 for y = 0 and for x = 1 even if the other is NaN. Below 1 ulp.
 */
export function pow<T, B>(m: DoubleArithmetic<T, B>, x: T, y: T): T {
  const { add, mul, div, less, equal, select, head } = notation(m);
  const { not, and, or } = m;
  const size = m.abs(x);

  // y log2|x| = z + low, from the exact product of the heads.
  const power = log2(m, size);
  const yHead = head(y);
  const low = add(mul(m.sub(y, yHead), power.head), mul(y, power.tail));
  const high = mul(yHead, power.head);
  const z = add(low, high);

  // The limit 0, 1 or Infinity for results beyond the exponent range and for x of 0 or Infinity. NaN compares false.
  const ordinary = and(less(m.abs(z), 1100), and(less(0, size), less(size, Infinity)));
  const grows = select(less(1, size), select(less(0, y), Infinity, 0), select(less(0, y), 0, Infinity));
  const limit = select(equal(size, 1), 1, grows);
  const magnitude = select(ordinary, exp2(m, z, high, low), limit);

  const half = mul(y, 0.5);
  const whole = equal(m.floor(y), y);
  const odd = and(whole, not(equal(m.floor(half), half)));
  const negative = or(less(x, 0), less(div(1, x), 0));
  const signed = select(and(negative, odd), m.neg(magnitude), magnitude);

  const complex = and(not(whole), and(less(x, 0), less(size, Infinity)));
  const invalid = or(complex, not(and(equal(x, x), equal(y, y))));
  return select(or(equal(y, 0), equal(x, 1)), 1, select(invalid, NaN, signed));
}

/** log2 x = head + tail for x > 0, to about 2^-78 of it; head has 26 bits. */
function log2<T, B>(m: DoubleArithmetic<T, B>, x: T): { head: T; tail: T } {
  const { add, sub, mul, div, less, select, polynomial, head } = notation(m);

  // x = 2^n a, and a near the centre c: 1 or 3/2.
  const { k, fraction } = split(m, x, 1);
  const low = less(fraction, 1.224744871391589);
  const high = less(1.7320508075688772, fraction);
  const a = select(high, mul(fraction, 0.5), fraction);
  const n = select(high, add(k, 1), k);
  const outer = m.or(low, high);
  const c = select(outer, 1, 1.5);

  // s = (a - c) / (a + c) = sHead + sTail
  const difference = sub(a, c);
  const inverse = div(1, add(a, c));
  const s = mul(difference, inverse);
  const sHead = head(s);
  const sumHead = head(add(a, c));
  const sumTail = sub(a, sub(sumHead, c));
  const sTail = mul(inverse, sub(sub(difference, mul(sHead, sumHead)), mul(sHead, sumTail)));

  // ln(a / c) = 2/3 s (3 + s^2 + r)
  const z = mul(s, s);
  const r = add(mul(mul(z, z), polynomial(z, LOG)), mul(sTail, add(sHead, s)));
  const square = mul(sHead, sHead);
  const factorHead = head(add(add(square, 3), r));
  const factorTail = sub(r, sub(sub(factorHead, 3), square));
  const lead = mul(sHead, factorHead);
  const rest = add(mul(sTail, factorHead), mul(factorTail, s));
  const lnHead = head(add(lead, rest));
  const lnTail = sub(rest, sub(lnHead, lead));

  // n + log2 c + log2(a / c), from the largest to the smallest.
  const centreHead = select(outer, 0, LOG2_1_5_HEAD);
  const centreTail = select(outer, 0, LOG2_1_5_TAIL);
  const first = mul(lnHead, LOG_SCALE_HEAD);
  const second = add(add(mul(lnHead, LOG_SCALE_TAIL), mul(lnTail, LOG_SCALE)), centreTail);
  const total = head(add(add(add(first, second), centreHead), n));
  return { head: total, tail: sub(second, sub(sub(sub(total, n), centreHead), first)) };
}

/** 2^(high + low), where z = high + low rounded and |z| <= 1100. */
function exp2<T, B>(m: DoubleArithmetic<T, B>, z: T, high: T, low: T): T {
  const { add, sub, mul, div, nearest, polynomial, head } = notation(m);
  const n = nearest(z);
  const rest = sub(high, n);
  const lead = head(add(low, rest));
  const first = mul(lead, LN2_HEAD);
  const second = add(mul(sub(low, sub(lead, rest)), LN2), mul(lead, LN2_TAIL));
  const w = add(first, second);
  const lost = sub(second, sub(w, first));
  const t = mul(w, w);
  const c = sub(w, mul(t, polynomial(t, EXP)));
  const r = sub(div(mul(w, c), sub(c, 2)), add(lost, mul(w, lost)));
  return scale(m, sub(1, sub(r, w)), n);
}
