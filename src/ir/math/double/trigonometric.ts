import { type DoubleArithmetic, notation } from '../arithmetic.ts';

const TWO_OVER_PI = 0.6366197723675814;
/** pi / 2 as a sum; each of the first three terms has 33 bits, so that its product with n < 2^20 is exact. */
const HALF_PI = [
  1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21, 8.4784276603689e-32,
] as const;
/** pi / 2 as a double, and the remainder. */
const HALF_PI_HEAD = 1.5707963267948966;
const HALF_PI_TAIL = 6.123233995736766e-17;
/** Up to here n = x / (pi / 2) stays below 2^20. */
const MODERATE = 1647099;

/** 2^-24 */
const UNIT = 5.960464477539063e-8;

/** Leading bits of 2 / pi, 24 in each number, after two zeros: enough for arguments below 2^128. */
const TWO_OVER_PI_DIGITS = [
  0, 0, 10680707, 7228996, 1387004, 2578385, 16069853, 12639074, 9804092, 4427841, 16666979, 11263675,
  12935607, 2387514,
];

// Polynomials in r^2 on |r| <= pi / 4. fdlibm 5.3 (Sun Microsystems, 1993), k_sin.c and k_cos.c.
const SIN_FIRST = -0.16666666666666632;
const SIN = [
  0.00833333333332249, -1.984126982985795e-4, 2.7557313707070068e-6, -2.5050760253406863e-8,
  1.58969099521155e-10,
];
const COS = [
  0.0416666666666666, -0.001388888888887411, 2.480158728947673e-5, -2.7557314351390663e-7,
  2.087572321298175e-9, -1.1359647557788195e-11,
];

/** sin x for |x| < 2^128. Below 1 ulp. */
export function sin<T, B>(m: DoubleArithmetic<T, B>, x: T): T {
  const { less, select } = notation(m);
  const { n, r, rest } = reduce(m, x);
  return select(less(m.abs(x), 7.450580596923828e-9), x, sineOfQuarters(m, n, r, rest));
}

/** cos x for |x| < 2^128. Below 1 ulp. */
export function cos<T, B>(m: DoubleArithmetic<T, B>, x: T): T {
  const { add } = notation(m);
  const { n, r, rest } = reduce(m, x);
  return sineOfQuarters(m, add(n, 1), r, rest);
}

interface Reduced<T> {
  readonly n: T;
  readonly r: T;
  readonly rest: T;
}

/** sin(n pi/2 + r + rest), |r| <= pi/4. */
function sineOfQuarters<T, B>(m: DoubleArithmetic<T, B>, n: T, r: T, rest: T): T {
  const { add, sub, mul, less, equal, select, polynomial } = notation(m);
  const z = mul(r, r);
  const half = mul(z, 0.5);

  // r + rest - r^3/6 + ...: the largest term last.
  const cube = mul(z, r);
  const tail = sub(mul(rest, 0.5), mul(cube, polynomial(z, SIN)));
  const sine = sub(r, sub(sub(mul(z, tail), rest), mul(cube, SIN_FIRST)));

  // 1 - z/2 rounded, and the rounding error.
  const head = sub(1, half);
  const tailOfHead = sub(sub(1, head), half);
  const cosine = add(head, add(tailOfHead, sub(mul(mul(z, z), polynomial(z, COS)), mul(r, rest))));

  const quadrant = sub(n, mul(m.floor(mul(n, 0.25)), 4));
  const even = equal(m.floor(mul(n, 0.5)), mul(n, 0.5));
  const y = select(even, sine, cosine);
  return select(less(quadrant, 2), y, m.neg(y));
}

/** x = n pi/2 + r + rest modulo 2 pi, |r| <= pi/4 and |n| < 2^21. Cody and Waite's method, and Payne and Hanek's for large x. */
export function reduce<T, B>(m: DoubleArithmetic<T, B>, x: T): Reduced<T> {
  const { add, sub, mul, less, nearest, twoSum } = notation(m);
  const n = nearest(mul(x, TWO_OVER_PI));
  const first = twoSum(sub(x, mul(n, HALF_PI[0])), mul(n, -HALF_PI[1]));
  const second = twoSum(first.sum, mul(n, -HALF_PI[2]));
  const low = sub(add(first.error, second.error), mul(n, HALF_PI[3]));
  const r = add(second.sum, low);
  const rest = add(sub(second.sum, r), low);

  const large = (): T[] => {
    const far = reduceLarge(m, x);
    return [far.n, far.r, far.rest];
  };
  const chosen = m.seldom(less(MODERATE, m.abs(x)), large, [n, r, rest]);
  return { n: chosen[0]!, r: chosen[1]!, rest: chosen[2]! };
}

/**
 * The same for 2^20 <= |x| < 2^128: x times the 216 bits of 2/pi that matter modulo 4, in integers below 2^53.
 * M. H. Payne and R. N. Hanek, "Radian reduction for trigonometric functions", SIGNUM Newsletter 18 (1983).
 */
function reduceLarge<T, B>(m: DoubleArithmetic<T, B>, x: T): Reduced<T> {
  const { add, sub, mul, nearest, twoSum, twoProduct } = notation(m);

  // x = a 2^(24 j) with 2^54 <= |a| < 2^78, so that the digits of 2/pi before number j give multiples of 4.
  // The half keeps the rounded quotient away from integers.
  const j = m.floor(mul(sub(m.exponent(x), 53.5), 1 / 24));
  const a = mul(x, m.powerOfTwo(mul(j, -24)));
  const digits = Array.from({ length: 9 }, (_, i) => m.lookup(TWO_OVER_PI_DIGITS, add(j, 2 + i)));

  // a = 2^54 a0 + 2^30 a1 + 2^6 a2. Where a2 has bits after the point (four at most), a0 is below 2^4.
  const a0 = nearest(mul(a, 5.551115123125783e-17));
  const rest = sub(a, mul(a0, 18014398509481984));
  const a1 = nearest(mul(rest, 9.313225746154785e-10));
  const a2 = mul(sub(rest, mul(a1, 1073741824)), 0.015625);

  // Column i of the product counts 2^(30 - 24 i): columns 0 and 1 are multiples of 4, and carries go up to
  // column 2.
  const columns = Array.from({ length: 9 }, (_, i) => {
    if (i < 2) return m.constant(0);
    return add(add(mul(a0, digits[i]!), mul(a1, digits[i - 1]!)), mul(a2, digits[i - 2]!));
  });
  for (let i = 8; i > 2; i--) {
    const carry = nearest(mul(columns[i]!, UNIT));
    columns[i] = sub(columns[i]!, mul(carry, 16777216));
    columns[i - 1] = add(columns[i - 1]!, carry);
  }

  const [, , c2, c3, c4, c5, c6, c7, c8] = columns as [T, T, T, T, T, T, T, T, T];
  const turns = mul(c2, 3.814697265625e-6);
  const n = nearest(turns);
  const low = add(c5, mul(add(c6, mul(add(c7, mul(c8, UNIT)), UNIT)), UNIT));
  const upper = twoSum(add(sub(turns, n), mul(c3, 2.2737367544323206e-13)), mul(c4, 1.3552527156068805e-20));
  const lower = add(upper.error, mul(low, 8.077935669463161e-28));
  const fraction = add(upper.sum, lower);
  const fractionRest = add(sub(upper.sum, fraction), lower);

  // (fraction + fractionRest) pi/2
  const { product, error } = twoProduct(fraction, m.constant(HALF_PI_HEAD));
  const small = add(error, add(mul(fraction, HALF_PI_TAIL), mul(fractionRest, HALF_PI_HEAD)));
  const r = add(product, small);
  return { n: sub(n, mul(m.floor(mul(n, 0.25)), 4)), r, rest: add(sub(product, r), small) };
}
