import { type Expr, unary } from '../../../ir/expr.ts';
import { type FloatFunction, floatFunction } from './elementwise.ts';
import { add, choose, div, less, mul, odd, sub } from './expressions.ts';

const exp = (x: Expr): Expr => unary('exp', x);
const log1p = (x: Expr): Expr => unary('log1p', x);

/** Up to here e^x does not overflow; beyond, e^x / 2 is the product of e^(x / 2) and its half. */
const MODERATE = 80;
const halfExp = (size: Expr): Expr => {
  const root = exp(mul(size, 0.5));
  return mul(mul(root, 0.5), root);
};

/** From here on sqrt(x^2 +- 1) is x, and x^2 may overflow. */
const LARGE = 1e9;
const LN2 = 0.6931471805599453;
const logOfTwice = (x: Expr): Expr => add(unary('log', x), LN2);

/** (e^x - e^-x) / 2. Below 3 ulp. */
export const sinh: FloatFunction = floatFunction(
  'sinh',
  // dx = g cosh x
  (g, _y, x) => g.mul(cosh(x)),
  (x) =>
    odd(x, (size) => {
      const e = unary('expm1', size);
      return choose(less(size, MODERATE), mul(add(e, div(e, add(e, 1))), 0.5), halfExp(size));
    }),
);

/** (e^x + e^-x) / 2. Below 3 ulp. */
export const cosh: FloatFunction = floatFunction(
  'cosh',
  // dx = g sinh x
  (g, _y, x) => g.mul(sinh(x)),
  (x) => {
    const size = unary('abs', x);
    const e = exp(size);
    return choose(less(size, MODERATE), mul(add(e, div(1, e)), 0.5), halfExp(size));
  },
);

/** The inverse of sinh: log(x + sqrt(x^2 + 1)). Below 2.5 ulp. */
export const asinh: FloatFunction = floatFunction(
  'asinh',
  // dx = g / sqrt(x^2 + 1)
  (g, _y, x) => g.div(x.square().add(1).sqrt()),
  (x) =>
    odd(x, (size) => {
      const square = mul(size, size);
      const near = log1p(add(size, div(square, add(unary('sqrt', add(square, 1)), 1))));
      return choose(less(size, LARGE), near, logOfTwice(size));
    }),
);

/** The inverse of cosh, from 0 up: log(x + sqrt(x^2 - 1)); NaN below 1. Below 2.5 ulp. */
export const acosh: FloatFunction = floatFunction(
  'acosh',
  // dx = g / sqrt(x^2 - 1)
  (g, _y, x) => g.div(x.sub(1).mul(x.add(1)).sqrt()),
  (x) => {
    const above = sub(x, 1);
    const near = log1p(add(above, unary('sqrt', mul(above, add(above, 2)))));
    return choose(less(x, 1), Number.NaN, choose(less(x, LARGE), near, logOfTwice(x)));
  },
);

/** The inverse of tanh: log((1 + x) / (1 - x)) / 2; infinite at -1 and 1, NaN beyond. Below 3 ulp. */
export const atanh: FloatFunction = floatFunction(
  'atanh',
  // dx = g / (1 - x^2)
  (g, _y, x) => g.div(x.neg().add(1).mul(x.add(1))),
  (x) => odd(x, (size) => mul(log1p(div(mul(size, 2), sub(1, size))), 0.5)),
);
