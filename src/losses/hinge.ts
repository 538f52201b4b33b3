import { oneHotFor } from '../tensor/ops/arrangement/indexing.ts';
import { maximum } from '../tensor/ops/elementwise/arithmetic.ts';
import { cast } from '../tensor/ops/elementwise/cast.ts';
import { greater, where } from '../tensor/ops/elementwise/logic.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkLossCall } from './check.ts';
import { checkClassLabels } from './class-labels.ts';
import { elementLoss, type LossOptions, reduceRows } from './reduction.ts';

/** max(1 - y x, 0), with y = 1 for targets above 0, else -1. */
function margin(x: Tensor, targets: Tensor): Tensor {
  const y = where(greater(targets, 0), 1, -1);
  return maximum(y.mul(x).neg().add(1), 0);
}

/**
 * The mean over all elements of max(1 - y * score, 0), with y = 1 for positive targets and -1 for others (Cortes and Vapnik
 * 1995).
 *
 * @param scores float32, any shape: positive for the positive class.
 * @param targets of the same shape; values above 0 are positive, so 0 and 1 mean the same as -1 and 1.
 * @returns a scalar; with reduction `none` the shape of the scores.
 * @throws ShapeError if the shapes differ.
 */
export function hinge(scores: Tensor, targets: Tensor, options: LossOptions = {}): Tensor<Shape, 'float32'> {
  checkLossCall('hinge', arguments.length, scores, targets, options);
  return elementLoss('hinge', scores, targets, options, margin);
}

/** The mean over all elements of max(1 - y * score, 0)^2. Arguments and result as for `hinge`. */
export function squaredHinge(
  scores: Tensor,
  targets: Tensor,
  options: LossOptions = {},
): Tensor<Shape, 'float32'> {
  checkLossCall('squaredHinge', arguments.length, scores, targets, options);
  return elementLoss('squaredHinge', scores, targets, options, (x, y) => margin(x, y).square());
}

/**
 * The mean over the samples of max(1 + max over c of (1 - y_c) score_c - sum over c of y_c score_c, 0), the hinge for several
 * classes (`CategoricalHinge` of Keras).
 *
 * @param scores float32 [N, C] or [N, ..., C].
 * @param labels class numbers [N, ...] (int32 or uint8), or one-hot [N, ..., C].
 * @returns a scalar; with reduction `none` the shape [N, ...].
 * @throws ShapeError, DTypeError if scores and labels do not fit.
 */
export function categoricalHinge(
  scores: Tensor,
  labels: Tensor,
  options: LossOptions = {},
): Tensor<Shape, 'float32'> {
  const name = 'categoricalHinge';
  checkLossCall(name, arguments.length, scores, labels, options);
  checkClassLabels(name, scores, labels);
  const x: Tensor = cast(scores, 'float32');
  const y: Tensor =
    labels.rank < x.rank ? oneHotFor(name, labels, x.shape.at(-1)!, 'float32') : cast(labels, 'float32');
  const positive = y.mul(x).sum(-1);
  const negative: Tensor = y.neg().add(1).mul(x).max(-1);
  return reduceRows(name, maximum(negative.sub(positive).add(1), 0), options);
}
