import { checkNumber, readOptions } from '../../../ir/arguments.ts';
import { ValueError } from '../../../ir/errors.ts';
import { binary, constant, unary } from '../../../ir/expr.ts';
import { checkCall } from '../../apply.ts';
import { normalizeAxis, type Shape } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { max, sum } from '../reduction/reduce.ts';
import {
  elementwise,
  type FloatFunction,
  floatFunction,
  floating,
  numeric,
  same,
  type UnaryFunction,
  unaryFunction,
} from './elementwise.ts';
import { where } from './logic.ts';
import { erf, exp, expm1, log, tanh } from './math.ts';

/** 1 / (1 + e^-x). */
export const sigmoid: FloatFunction = floatFunction(
  'sigmoid',
  // dx = g y (1 - y)
  (g, y) => g.mul(y).mul(y.neg().add(1)),
  (x) => unary('sigmoid', x),
);

/** log(1 + e^x), without overflow. */
export const softplus: FloatFunction = floatFunction(
  'softplus',
  // dx = g sigmoid(x)
  (g, _y, x) => g.mul(sigmoid(x)),
  (x) => unary('softplus', x),
);

const reluOperation = elementwise({
  name: 'relu',
  dtype: same,
  // dx = g where y > 0: nothing at 0
  vjp: (g, y) => [() => where(y.greater(0), g, 0)],
  expr: ([x]) => binary('max', x!, constant(0, x!.type)),
});

/** max(x, 0). Integers stay integers. */
export const relu: UnaryFunction = unaryFunction(reluOperation, numeric);

/** x where x > 0, slope * x elsewhere (Maas et al. 2013). */
export function leakyRelu<S extends Shape>(x: Tensor<S>, slope = 0.01): Tensor<S, 'float32'> {
  checkCall('leakyRelu', arguments.length, 2, x);
  checkNumber('leakyRelu', 'slope', slope);
  const f: Tensor = floating(x);
  return where(f.greater(0), f, f.mul(slope)) as Tensor<S, 'float32'>;
}

/** x where x > 0, alpha (e^x - 1) elsewhere (Clevert et al. 2015). */
export function elu<S extends Shape>(x: Tensor<S>, alpha = 1): Tensor<S, 'float32'> {
  checkCall('elu', arguments.length, 2, x);
  checkNumber('elu', 'alpha', alpha);
  const f: Tensor = floating(x);
  return where(f.greater(0), f, expm1(f.minimum(0)).mul(alpha)) as Tensor<S, 'float32'>;
}

/** x sigmoid(x), also called swish (Elfwing et al. 2017). */
export function silu<S extends Shape>(x: Tensor<S>): Tensor<S, 'float32'> {
  checkCall('silu', arguments.length, 1, x);
  const f: Tensor = floating(x);
  return f.mul(sigmoid(f)) as Tensor<S, 'float32'>;
}

/** x / (1 + |x|) (Turian et al. 2009). */
export function softsign<S extends Shape>(x: Tensor<S>): Tensor<S> {
  checkCall('softsign', arguments.length, 1, x);
  const f: Tensor = floating(x);
  return f.div(f.abs().add(1)) as Tensor<S>;
}

const sqrtHalf = Math.SQRT1_2;
const sqrtTwoOverPi = 0.7978845608028654;

export interface GeluOptions {
  /** `none`: x * Phi(x) with the normal distribution function; `tanh`: the approximation of the paper. */
  readonly approximate?: 'none' | 'tanh';
}

/** x times the standard normal distribution function of x (Hendrycks & Gimpel 2016). */
export function gelu<S extends Shape>(x: Tensor<S>, options?: GeluOptions): Tensor<S, 'float32'> {
  checkCall('gelu', arguments.length, 2, x);
  const { approximate } = readOptions('gelu', options, { approximate: 'none' });
  if (approximate !== 'none' && approximate !== 'tanh') {
    throw new ValueError(`[gelu] got approximate ${String(approximate)}, wanted none or tanh.`);
  }
  const f: Tensor = floating(x);
  const half = f.mul(0.5);
  const inner =
    approximate === 'tanh'
      ? tanh(f.add(f.square().mul(f).mul(0.044715)).mul(sqrtTwoOverPi))
      : erf(f.mul(sqrtHalf));
  return half.mul(inner.add(1)) as Tensor<S, 'float32'>;
}

/** x shifted by its maximum along an axis, which takes the largest exponent to 0 and changes no gradient. */
function shifted(name: string, count: number, x: Tensor, axis: number): { shifted: Tensor; axis: number } {
  checkCall(name, count, 2, x);
  const f = floating(x);
  const a = normalizeAxis(name, axis, f.rank);
  if (f.node.shape[a] === 0) return { shifted: f, axis: a };
  return { shifted: f.sub(max(f, a, { keepDims: true }).detach()), axis: a };
}

/** e^x / sum(e^x) along an axis; shifted by the maximum, so that logits of any size are safe. */
export function softmax<S extends Shape>(x: Tensor<S>, axis = -1): Tensor<S, 'float32'> {
  const s = shifted('softmax', arguments.length, x, axis);
  const e = exp(s.shifted);
  return e.div(sum(e, s.axis, { keepDims: true })) as Tensor<S, 'float32'>;
}

/** log(softmax(x)) along an axis, computed as x - max - log(sum(e^(x - max))). */
export function logSoftmax<S extends Shape>(x: Tensor<S>, axis = -1): Tensor<S, 'float32'> {
  const s = shifted('logSoftmax', arguments.length, x, axis);
  return s.shifted.sub(log(sum(exp(s.shifted), s.axis, { keepDims: true }))) as Tensor<S, 'float32'>;
}
