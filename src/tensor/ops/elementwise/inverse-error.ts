import { type Expr, unary } from '../../../ir/expr.ts';
import { type FloatFunction, floatFunction } from './elementwise.ts';
import { choose, div, equal, less, mul, odd, polynomial, sub } from './expressions.ts';
import { exp } from './math.ts';

// M. J. Wichura (1988), algorithm AS241: percentage points of the normal distribution. Its third range begins at 1 - 2^-35,
// beyond the float32 numbers below 1.

const CENTER = [
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987,
  67265.7709270087, 33430.57558358813, 2509.0809287301227,
];
const CENTER_DIVISOR = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271,
  28729.085735721943, 5226.495278852854,
];
const TAIL = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
  0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
];
const TAIL_DIVISOR = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
  0.0005475938084995345, 1.0507500716444169e-9,
];

const ratio = (x: Expr, top: readonly number[], bottom: readonly number[]): Expr =>
  div(polynomial(x, top), polynomial(x, bottom));

/** erfinv x for x >= 0: the quantile of (1 + x) / 2, divided by sqrt 2. */
function inverse(x: Expr): Expr {
  const q = mul(x, 0.5);
  const center = mul(q, ratio(sub(0.180625, mul(q, q)), CENTER, CENTER_DIVISOR));
  const r = unary('sqrt', unary('neg', unary('log', mul(sub(1, x), 0.5))));
  const tail = ratio(sub(r, 1.6), TAIL, TAIL_DIVISOR);
  const quantile = choose(less(x, 0.85), center, choose(equal(x, 1), Number.POSITIVE_INFINITY, tail));
  return mul(quantile, Math.SQRT1_2);
}

/** The inverse of the error function; infinite at -1 and 1, NaN beyond. Below 6 ulp. */
export const erfinv: FloatFunction = floatFunction(
  'erfinv',
  // dx = g sqrt(pi) / 2 e^(y^2)
  (g, y) => g.mul(exp(y.square()).mul(0.886226925452758)),
  (x) => odd(x, inverse),
);
