import { type Known, refusal } from '../ir/arguments.ts';
import { softplus } from '../tensor/ops/elementwise/activation.ts';
import { maximum, minimum } from '../tensor/ops/elementwise/arithmetic.ts';
import { exp, log1p } from '../tensor/ops/elementwise/math.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkLossCall, lossOptions } from './check.ts';
import { elementLoss, type LossOptions } from './reduction.ts';

/**
 * The mean over all elements of (prediction - target)^2.
 *
 * @param predictions float32, any shape.
 * @param targets of the same shape.
 * @returns a scalar; with reduction `none` the shape of the predictions.
 * @throws ShapeError if the shapes differ.
 */
export function meanSquaredError(
  predictions: Tensor,
  targets: Tensor,
  options: LossOptions = {},
): Tensor<Shape, 'float32'> {
  checkLossCall('meanSquaredError', arguments.length, predictions, targets, options);
  return elementLoss('meanSquaredError', predictions, targets, options, (x, y) => x.sub(y).square());
}

/**
 * The mean over all elements of |prediction - target|; the gradient at 0 is 0. Arguments and result as for
 * `meanSquaredError`.
 */
export function meanAbsoluteError(
  predictions: Tensor,
  targets: Tensor,
  options: LossOptions = {},
): Tensor<Shape, 'float32'> {
  checkLossCall('meanAbsoluteError', arguments.length, predictions, targets, options);
  return elementLoss('meanAbsoluteError', predictions, targets, options, (x, y) => x.sub(y).abs());
}

export interface HuberOptions extends LossOptions {
  /** The error up to which the loss is quadratic; 1 by default. */
  readonly delta?: number;
}

const huberOptions: Known<HuberOptions> = { ...lossOptions, delta: 0 };

/**
 * The mean over all elements of e^2 / 2 if |e| <= delta, else delta (|e| - delta / 2), with e = prediction - target
 * (Huber 1964): quadratic for small errors, linear for large ones. Arguments and result as for `meanSquaredError`.
 */
export function huber(
  predictions: Tensor,
  targets: Tensor,
  options: HuberOptions = {},
): Tensor<Shape, 'float32'> {
  checkLossCall('huber', arguments.length, predictions, targets, options, huberOptions);
  const { delta = 1 } = options;
  if (!(typeof delta === 'number' && delta > 0)) throw refusal('huber', 'delta', delta, 'a number above 0');
  return elementLoss('huber', predictions, targets, options, (x, y) => {
    const e: Tensor = x.sub(y).abs();
    const inner = minimum(e, delta);
    return inner.mul(e.sub(inner.mul(0.5)));
  });
}

/**
 * The mean over all elements of log(cosh(prediction - target)): e^2 / 2 for small errors e, |e| - log 2 for large ones,
 * smooth between. Arguments and result as for `meanSquaredError`.
 */
export function logCosh(
  predictions: Tensor,
  targets: Tensor,
  options: LossOptions = {},
): Tensor<Shape, 'float32'> {
  checkLossCall('logCosh', arguments.length, predictions, targets, options);
  return elementLoss('logCosh', predictions, targets, options, (x, y) => {
    const e: Tensor = x.sub(y);
    return e.add(softplus(e.mul(-2))).sub(Math.LN2);
  });
}

/**
 * The mean over all elements of |prediction - target| / |target|, a fraction as in scikit-learn (Keras: percent). Targets
 * closer to 0 than 1e-7 count as 1e-7. Arguments and result as for `meanSquaredError`.
 */
export function meanAbsolutePercentageError(
  predictions: Tensor,
  targets: Tensor,
  options: LossOptions = {},
): Tensor<Shape, 'float32'> {
  checkLossCall('meanAbsolutePercentageError', arguments.length, predictions, targets, options);
  return elementLoss('meanAbsolutePercentageError', predictions, targets, options, (x, y) =>
    x.sub(y).abs().div(maximum(y.abs(), 1e-7)),
  );
}

/**
 * The mean over all elements of (log(1 + prediction) - log(1 + target))^2, for quantities of different magnitudes.
 * Predictions and targets below 0 count as 0, as in Keras. Arguments and result as for `meanSquaredError`.
 */
export function meanSquaredLogarithmicError(
  predictions: Tensor,
  targets: Tensor,
  options: LossOptions = {},
): Tensor<Shape, 'float32'> {
  checkLossCall('meanSquaredLogarithmicError', arguments.length, predictions, targets, options);
  return elementLoss('meanSquaredLogarithmicError', predictions, targets, options, (x, y) =>
    log1p(maximum(x, 0))
      .sub(log1p(maximum(y, 0)))
      .square(),
  );
}

/**
 * The negative log-likelihood of counts under a Poisson distribution, without the term that does not depend on the
 * prediction: the mean over all elements of exp(prediction) - target * prediction.
 *
 * @param predictions float32, any shape: the logarithms of the expected counts.
 * @param targets counts of the same shape.
 * @returns a scalar; with reduction `none` the shape of the predictions.
 * @throws ShapeError if the shapes differ.
 */
export function poissonLoss(
  predictions: Tensor,
  targets: Tensor,
  options: LossOptions = {},
): Tensor<Shape, 'float32'> {
  checkLossCall('poissonLoss', arguments.length, predictions, targets, options);
  return elementLoss('poissonLoss', predictions, targets, options, (x, y) => exp(x).sub(y.mul(x)));
}
