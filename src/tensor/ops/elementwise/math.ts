import { binary, constant, type Expr, unary } from '../../../ir/expr.ts';
import { noGradient } from '../../operation.ts';
import {
  elementwise,
  type FloatFunction,
  floatFunction,
  numeric,
  same,
  type UnaryFunction,
  unaryFunction,
} from './elementwise.ts';

const number = (value: number): Expr => constant(value, 'f32');

/** e to the power of x. */
export const exp: FloatFunction = floatFunction(
  'exp',
  // dx = g e^x
  (g, y) => g.mul(y),
  (x) => unary('exp', x),
);

/** e^x - 1, exact near 0. */
export const expm1: FloatFunction = floatFunction(
  'expm1',
  // dx = g e^x
  (g, y) => g.mul(y.add(1)),
  (x) => unary('expm1', x),
);

/** The natural logarithm; -Infinity at 0, NaN below. */
export const log: FloatFunction = floatFunction(
  'log',
  // dx = g / x
  (g, _y, x) => g.div(x),
  (x) => unary('log', x),
);

/** log(1 + x), exact near 0. */
export const log1p: FloatFunction = floatFunction(
  'log1p',
  // dx = g / (1 + x)
  (g, _y, x) => g.div(x.add(1)),
  (x) => unary('log1p', x),
);

/** The square root; NaN below 0. */
export const sqrt: FloatFunction = floatFunction(
  'sqrt',
  // dx = g / (2 sqrt x)
  (g, y) => g.div(y.mul(2)),
  (x) => unary('sqrt', x),
);

/** 1 / sqrt(x). */
export const rsqrt: FloatFunction = floatFunction(
  'rsqrt',
  // dx = -g y / (2 x)
  (g, y, x) => g.mul(y).div(x.mul(-2)),
  (x) => binary('div', number(1), unary('sqrt', x)),
);

/** 1 / x. */
export const reciprocal: FloatFunction = floatFunction(
  'reciprocal',
  // dx = -g y^2
  (g, y) => g.mul(y.square()).neg(),
  (x) => binary('div', number(1), x),
);

/** The sine; x in radians. */
export const sin: FloatFunction = floatFunction(
  'sin',
  // dx = g cos x
  (g, _y, x) => g.mul(cos(x)),
  (x) => unary('sin', x),
);

/** The cosine; x in radians. */
export const cos: FloatFunction = floatFunction(
  'cos',
  // dx = -g sin x
  (g, _y, x) => g.mul(sin(x)).neg(),
  (x) => unary('cos', x),
);

/** The hyperbolic tangent. */
export const tanh: FloatFunction = floatFunction(
  'tanh',
  // dx = g (1 - y^2)
  (g, y) => g.mul(y.square().neg().add(1)),
  (x) => unary('tanh', x),
);

const twoOverSqrtPi = 1.1283791670955126;

/** The error function 2 / sqrt(pi) * integral of e^(-t^2) from 0 to x. */
export const erf: FloatFunction = floatFunction(
  'erf',
  // dx = g 2 / sqrt(pi) e^(-x^2)
  (g, _y, x) => g.mul(exp(x.square().neg()).mul(twoOverSqrtPi)),
  (x) => unary('erf', x),
);

const squareOperation = elementwise({
  name: 'square',
  dtype: same,
  // dx = 2 g x
  vjp: (g, _y, [x]) => [() => g.mul(x!).mul(2)],
  expr: ([x]) => binary('mul', x!, x!),
});

/** x * x; integers wrap. */
export const square: UnaryFunction = unaryFunction(squareOperation, numeric);

const absOperation = elementwise({
  name: 'abs',
  dtype: same,
  // dx = g sign(x): 0 at 0
  vjp: (g, _y, [x]) => [() => g.mul(sign(x!))],
  expr: ([x], _params, node) => (node.dtype === 'uint8' ? x! : unary('abs', x!)),
});

/** The absolute value. */
export const abs: UnaryFunction = unaryFunction(absOperation, numeric);

/** A function with steps: no gradient flows; integers are left as they are by the rounding ones. */
function stepFunction(name: string, expr: (x: Expr) => Expr): UnaryFunction {
  const op = elementwise({ name, dtype: same, vjp: noGradient, expr: ([x]) => expr(x!) });
  return unaryFunction(op, numeric);
}

const onFloats =
  (op: 'floor' | 'ceil' | 'round') =>
  (x: Expr): Expr =>
    x.type === 'f32' ? unary(op, x) : x;

/** -1, 0 or 1; -0 and NaN stay as they are. */
export const sign: UnaryFunction = stepFunction('sign', (x) => unary('sign', x));
/** The largest whole number not above x. */
export const floor: UnaryFunction = stepFunction('floor', onFloats('floor'));
/** The smallest whole number not below x. */
export const ceil: UnaryFunction = stepFunction('ceil', onFloats('ceil'));
/** The nearest whole number; halves go to the even one. */
export const round: UnaryFunction = stepFunction('round', onFloats('round'));
