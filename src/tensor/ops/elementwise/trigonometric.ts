import { binary, type Expr, unary } from '../../../ir/expr.ts';
import {
  binaryFunction,
  elementwise,
  type FloatBinaryFunction,
  type FloatFunction,
  floatFunction,
  same,
} from './elementwise.ts';
import { add, choose, div, equal, less, mul, odd, operand, polynomial, sub } from './expressions.ts';

/** pi / 2 in two parts, of which the first is a float32 number. */
const HALF_PI = [1.5707963705062866, -4.371139000186241e-8] as const;

/** The tangent; x in radians. Below 5 ulp. */
export const tan: FloatFunction = floatFunction(
  'tan',
  // dx = g (1 + y^2)
  (g, y) => g.mul(y.square().add(1)),
  (x) => div(unary('sin', x), unary('cos', x)),
);

// The approximations of fdlibm (e_asin.c, e_acos.c, s_atan.c, Sun Microsystems 1993).

const NUMERATOR = [
  0.16666666666666666, -0.3255658186224009, 0.20121253213486293, -0.040055534500679411, 7.915349942898145e-4,
  3.479331075960212e-5,
];
const DENOMINATOR = [1, -2.403394911734414, 2.0209457602335057, -0.6882839716054533, 0.07703815055590194];

/**
 * For |x| < 1/2 z = x^2 and asin x = x + x R(z), else z = (1 - |x|) / 2, s = sqrt z and asin |x| = pi / 2 - 2 (s + s R(z)).
 */
function parts(x: Expr): { near: Expr; root: Expr; r: Expr } {
  const size = unary('abs', x);
  const near = less(size, 0.5);
  const z = choose(near, mul(x, x), mul(sub(1, size), 0.5));
  const r = div(mul(z, polynomial(z, NUMERATOR)), polynomial(z, DENOMINATOR));
  const root = unary('sqrt', z);
  return { near, root: add(root, mul(root, r)), r };
}

/** The inverse sine, from -pi / 2 to pi / 2; NaN unless -1 <= x <= 1. Below 3 ulp. */
export const asin: FloatFunction = floatFunction(
  'asin',
  // dx = g / sqrt(1 - x^2)
  (g, _y, x) => g.div(x.neg().add(1).mul(x.add(1)).sqrt()),
  (x) =>
    odd(x, (size) => {
      const { near, root, r } = parts(size);
      return choose(near, add(size, mul(size, r)), sub(HALF_PI[0], sub(mul(root, 2), HALF_PI[1])));
    }),
);

/** The inverse cosine, from 0 to pi; NaN unless -1 <= x <= 1. Below 1.5 ulp. */
export const acos: FloatFunction = floatFunction(
  'acos',
  // dx = -g / sqrt(1 - x^2)
  (g, _y, x) => g.div(x.neg().add(1).mul(x.add(1)).sqrt()).neg(),
  (x) => {
    const { near, root, r } = parts(x);
    const middle = sub(HALF_PI[0], add(sub(mul(x, r), HALF_PI[1]), x));
    const left = mul(sub(HALF_PI[0], sub(root, HALF_PI[1])), 2);
    return choose(near, middle, choose(less(x, 0), left, mul(root, 2)));
  },
);

const ARC = [
  0.3333333333333293, -0.19999999999876483, 0.14285714272503466, -0.11111110405462356, 0.09090887133436507,
  -0.0769187620504483, 0.06661073137387531, -0.058335701337905735, 0.049768779946159324,
  -0.036531572744216916, 0.016285820115365782,
];
/** atan of 1/2, 1 and 3/2 in two parts, of which the first is a float32 number. */
const HALF = [0.46364760398864746, 5.012158632577979e-9] as const;
const ONE = [0.7853981852531433, -2.1855695031547384e-8] as const;
const THREE_HALVES = [0.9827937483787537, -2.5131424608026975e-8] as const;

/** atan x for x >= 0, as atan c + atan t with t = (x - c) / (1 + c x). */
function atanOf(x: Expr): Expr {
  const ranges = [
    [less(x, 2.4375), sub(x, 1.5), add(mul(x, 1.5), 1), ...THREE_HALVES],
    [less(x, 1.1875), sub(x, 1), add(x, 1), ...ONE],
    [less(x, 0.6875), sub(mul(x, 2), 1), add(x, 2), ...HALF],
    [less(x, 0.4375), x, 1, 0, 0],
  ] as const;
  const inRange = (column: 1 | 2 | 3 | 4, beyond: Expr | number): Expr =>
    ranges.reduce<Expr>((rest, range) => choose(range[0], range[column], rest), operand(beyond));
  const t = div(inRange(1, -1), inRange(2, x));
  const z = mul(t, t);
  const bend = mul(t, mul(z, polynomial(z, ARC)));
  return sub(inRange(3, HALF_PI[0]), sub(sub(bend, inRange(4, HALF_PI[1])), t));
}

/** The inverse tangent, from -pi / 2 to pi / 2. Below 1.5 ulp. */
export const atan: FloatFunction = floatFunction(
  'atan',
  // dx = g / (1 + x^2)
  (g, _y, x) => g.div(x.square().add(1)),
  (x) => odd(x, atanOf),
);

const isNegative = (x: Expr): Expr =>
  binary('or', less(x, 0), binary('and', equal(x, 0), less(div(1, x), 0)));

const atan2Operation = elementwise({
  name: 'atan2',
  dtype: same,
  // dy = g x / (x^2 + y^2), dx = -g y / (x^2 + y^2)
  vjp: (g, _angle, [y, x]) => {
    const square = y!.square().add(x!.square());
    return [() => g.mul(x!).div(square), () => g.mul(y!).div(square).neg()];
  },
  expr: ([y, x]) => {
    const [height, width] = [unary('abs', y!), unary('abs', x!)];
    // 0 / 0 and Infinity / Infinity are on the axis and on the diagonal.
    const onAxes = choose(equal(height, 0), 0, 1);
    const angle = atanOf(choose(equal(height, width), onAxes, div(height, width)));
    const turned = sub(2 * HALF_PI[0], sub(angle, 2 * HALF_PI[1]));
    const size = choose(isNegative(x!), turned, angle);
    return choose(isNegative(y!), unary('neg', size), size);
  },
});

/**
 * The angle of the point (x, y), from -pi to pi: atan(y / x) in the right quadrant, with the values of C99 where x or y is 0 or
 * infinite. Note the order: y first. Below 3 ulp.
 */
export const atan2: FloatBinaryFunction = binaryFunction(atan2Operation, () => 'float32');
