import { type Arithmetic, notation, type SingleArithmetic } from '../arithmetic.ts';
import * as double from '../double/trigonometric.ts';

const TWO_OVER_PI = 0.63661975;
/** pi / 2 as a sum; the products of the first three terms with n < 2^11 are exact. */
const HALF_PI = [1.5703125, 4.8351288e-4, 3.138557e-7, 6.0771e-11] as const;
/** Up to here n = x / (pi / 2) stays below 2^11. Beyond, the reduction computes in doubles. */
const MODERATE = 3000;

/** sin r = r + r^3 S(r^2) and cos r = 1 - r^2 / 2 + r^4 C(r^2), |r| <= pi / 4. */
const SIN = [-0.16666655, 0.008332158, -1.9514958e-4];
const COS = [0.041666646, -0.0013887313, 2.4432786e-5];

/** sin x, for every finite float. Below 2.5 ulp. */
export function sin<T, B>(m: SingleArithmetic<T, B>, x: T): T {
  const { n, r } = reduce(m, x);
  // -0 stays -0.
  return m.quarterTurns(n, m.withSign(sineOf(m, r), r), cosineOf(m, r));
}

/** cos x, for every finite float. Below 2.5 ulp. */
export function cos<T, B>(m: SingleArithmetic<T, B>, x: T): T {
  const { add } = notation(m);
  const { n, r } = reduce(m, x);
  return m.quarterTurns(add(n, 1), sineOf(m, r), cosineOf(m, r));
}

/** x = n pi/2 + r modulo 2 pi, |r| <= pi/4, by Cody and Waite's method. */
function reduce<T, B>(m: SingleArithmetic<T, B>, x: T): { n: T; r: T } {
  const { sub, mul, less, nearest } = notation(m);
  const near = nearest(mul(x, TWO_OVER_PI));
  const rest = HALF_PI.reduce<T>((sum, part) => sub(sum, mul(near, part)), x);
  const large = (): readonly T[] =>
    m.inDouble((d, a) => {
      const far = double.reduce(d, a);
      return [far.n, far.r];
    }, x);
  const [n, r] = m.seldom(less(MODERATE, m.abs(x)), large, [near, rest]);
  return { n: n!, r: r! };
}

function sineOf<T, B>(m: Arithmetic<T, B>, r: T): T {
  const { add, mul, polynomial } = notation(m);
  const z = mul(r, r);
  return add(r, mul(mul(r, z), polynomial(z, SIN)));
}

function cosineOf<T, B>(m: Arithmetic<T, B>, r: T): T {
  const { add, sub, mul, polynomial } = notation(m);
  const z = mul(r, r);
  return add(sub(1, mul(z, 0.5)), mul(mul(z, z), polynomial(z, COS)));
}
