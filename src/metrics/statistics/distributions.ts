import { erf, exp, log, log1p } from '../../ir/math/index.ts';

// Tails and quantiles of the normal, chi-squared, Student's t and binomial distributions, in double precision and with
// the same bits in every JavaScript engine. Relative errors are below 1e-12, also far out in the tails.

const pi = 3.141592653589793;

/**
 * 1 - erf(x). For x >= 1 by the continued fraction for e^(x^2) erfc(x) (Abramowitz & Stegun 1964, 7.1.14), evaluated
 * from its end.
 */
export function erfc(x: number): number {
  if (x < 1) return 1 - erf(x);
  let fraction = x;
  for (let k = Math.ceil(20 + 200 / (x * x)); k > 0; k--) fraction = x + k / 2 / fraction;
  // x^2 in two parts, the first one exact: the exponential would magnify the rounding error of x^2.
  const coarse = Math.round(x * 16) / 16;
  return (exp(-coarse * coarse) * exp((coarse - x) * (coarse + x))) / (fraction * Math.sqrt(pi));
}

/** The probability that a chi-squared number with one degree of freedom is above x. */
export function chiSquaredTail(x: number): number {
  return erfc(Math.sqrt(x / 2));
}

/** Probabilities of a symmetric distribution around 0. */
interface Probabilities {
  /** P(|X| > x). */
  readonly outside: number;
  /** P(|X| <= x). */
  readonly inside: number;
  /** The density at x. */
  readonly density: number;
}

/** The x with P(X > x) = tail for the standard normal distribution, 1e-300 <= tail < 0.5. */
export function normalQuantile(tail: number): number {
  const start = tail < 0.25 ? Math.sqrt(-2 * log(2 * tail)) : (1 - 2 * tail) * Math.sqrt(pi / 2);
  return quantile(tail, start, normalProbabilities);
}

/**
 * The x with P(X > x) = tail for Student's t, 1e-100 <= tail < 0.5.
 *
 * @param freedom degrees of freedom, a whole number from 1 up.
 */
export function studentQuantile(tail: number, freedom: number): number {
  return quantile(tail, normalQuantile(tail), (t) => studentProbabilities(t, freedom));
}

/**
 * Newton's method for log x and the logarithm of the smaller probability. That function is concave, so the iteration
 * converges from one side from the second step on.
 */
function quantile(tail: number, start: number, probabilities: (x: number) => Probabilities): number {
  const outer = tail < 0.25;
  const wanted = outer ? 2 * tail : 1 - 2 * tail;
  let x = start;
  for (let i = 0; i < 100; i++) {
    const { outside, inside, density } = probabilities(x);
    const probability = outer ? outside : inside;
    const step = (log(probability / wanted) * probability) / (2 * x * density);
    x *= exp(outer ? step : -step);
    if (Math.abs(step) < 1e-9) break; // the next step would be its square
  }
  return x;
}

/** Of the standard normal distribution. */
function normalProbabilities(x: number): Probabilities {
  const root = x / Math.sqrt(2);
  return { outside: erfc(root), inside: erf(root), density: exp(-(x * x) / 2) / Math.sqrt(2 * pi) };
}

/** Of Student's t with f degrees of freedom. */
export function studentProbabilities(t: number, f: number): Probabilities {
  const a = f / 2;
  const x = f / (f + t * t);
  const y = (t * t) / (f + t * t);
  const density = exp(-(a + 0.5) * log1p((t * t) / f)) * (gammaRatio(a) / Math.sqrt(f * pi));
  // I_x(a, 1/2) = x^a y^(1/2) / (a B(a, 1/2)) times a fraction, and x^a y^(1/2) / B(a, 1/2) = t density.
  if (x < (a + 1) / (a + 2.5)) {
    const outside = ((t * density) / a) * betaFraction(a, 0.5, x);
    return { outside, inside: 1 - outside, density };
  }
  const inside = 2 * t * density * betaFraction(0.5, a, y);
  return { outside: 1 - inside, inside, density };
}

/** Gamma(a + 1/2) / Gamma(a), by the asymptotic series for a >= 32 (Tricomi & Erdelyi 1951) and a recurrence. */
function gammaRatio(a: number): number {
  let factor = 1;
  let b = a;
  for (; b < 32; b++) factor *= b / (b + 0.5);
  const u = 1 / b;
  const series = [1, -1 / 8, 1 / 128, 5 / 1024, -21 / 32768, -399 / 262144, 869 / 4194304, 39325 / 33554432];
  return factor * Math.sqrt(b) * series.reduceRight((sum, c) => sum * u + c, 0);
}

/**
 * The continued fraction of the incomplete beta function I_x(a, b), without x^a (1 - x)^b / (a B(a, b))
 * (Press et al. 2007, 6.4, by Lentz's method). It converges fast where x < (a + 1) / (a + b + 2).
 */
function betaFraction(a: number, b: number, x: number): number {
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + even * d);
    c = 1 + even / c;
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d);
    c = 1 + odd / c;
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return fraction;
}

/** P(X <= k) and P(X = k) of the binomial distribution with n trials and p = 1/2: sums of C(n, i) / 2^n. */
export function fairBinomial(k: number, n: number): { atMost: number; exactly: number } {
  const limit = 3.273390607896142e150; // 2^500
  let term = 1;
  let sum = 1;
  let halvings = n;
  for (let i = 1; i <= k; i++) {
    term *= (n - i + 1) / i;
    sum += term;
    if (sum < limit) continue;
    term /= limit;
    sum /= limit;
    halvings -= 500;
  }
  for (; halvings > 0; halvings--) {
    term /= 2;
    sum /= 2;
  }
  return { atMost: sum, exactly: term };
}
