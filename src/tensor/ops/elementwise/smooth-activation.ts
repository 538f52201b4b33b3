import { checkNumber } from '../../../ir/arguments.ts';
import { ShapeError, ValueError } from '../../../ir/errors.ts';
import { checkCall } from '../../apply.ts';
import { normalizeAxis, type Shape, show } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { split } from '../arrangement/join.ts';
import { sigmoid, softmax, softplus } from './activation.ts';
import { floating } from './elementwise.ts';
import { where } from './logic.ts';
import { expm1, tanh } from './math.ts';

// Activations that are made of other functions.

/** log(1 / (1 + e^-x)), without overflow. */
export function logSigmoid<S extends Shape>(x: Tensor<S>): Tensor<S, 'float32'> {
  checkCall('logSigmoid', arguments.length, 1, x);
  return softplus((floating(x) as Tensor).neg()).neg() as Tensor<S, 'float32'>;
}

/** x tanh(softplus(x)) (Misra 2019). */
export function mish<S extends Shape>(x: Tensor<S>): Tensor<S, 'float32'> {
  checkCall('mish', arguments.length, 1, x);
  const f: Tensor = floating(x);
  return f.mul(tanh(softplus(f))) as Tensor<S, 'float32'>;
}

const seluAlpha = 1.6732632423543772;
const seluScale = 1.0507009873554805;

/** scale * (x where x > 0, alpha (e^x - 1) elsewhere), with constants that keep mean 0 and variance 1 (Klambauer et al. 2017). */
export function selu<S extends Shape>(x: Tensor<S>): Tensor<S, 'float32'> {
  checkCall('selu', arguments.length, 1, x);
  const f: Tensor = floating(x);
  const below = expm1(f.minimum(0)).mul(seluScale * seluAlpha);
  return where(f.greater(0), f.mul(seluScale), below) as Tensor<S, 'float32'>;
}

/** x where x > 0, alpha (e^(x / alpha) - 1) elsewhere (Barron 2017). */
export function celu<S extends Shape>(x: Tensor<S>, alpha = 1): Tensor<S, 'float32'> {
  checkCall('celu', arguments.length, 2, x);
  checkNumber('celu', 'alpha', alpha);
  if (!(alpha > 0)) throw new ValueError(`[celu] got alpha ${alpha}, wanted a number above 0.`);
  const f: Tensor = floating(x);
  return where(f.greater(0), f, expm1(f.minimum(0).mul(1 / alpha)).mul(alpha)) as Tensor<S, 'float32'>;
}

/** softmax(-x) along an axis. */
export function softmin<S extends Shape>(x: Tensor<S>, axis = -1): Tensor<S, 'float32'> {
  checkCall('softmin', arguments.length, 2, x);
  normalizeAxis('softmin', axis, x.rank);
  return softmax((floating(x) as Tensor).neg(), axis) as Tensor<S, 'float32'>;
}

/** a sigmoid(b), with the halves a and b of x along an axis (Dauphin et al. 2017). */
export function glu(x: Tensor, axis = -1): Tensor<Shape, 'float32'> {
  checkCall('glu', arguments.length, 2, x);
  const a = normalizeAxis('glu', axis, x.rank);
  if (x.shape[a]! % 2 !== 0) {
    throw new ShapeError(
      `[glu] got ${show(x.shape)} and axis ${axis}, wanted an even size there: both halves are of one size.`,
    );
  }
  const [values, gates] = split(floating(x), 2, a) as [Tensor, Tensor];
  return values.mul(sigmoid(gates));
}
