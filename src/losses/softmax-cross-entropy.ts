import { type Known, refusal } from '../ir/arguments.ts';
import type { TensorLike } from '../tensor/creation.ts';
import { logSoftmax } from '../tensor/ops/elementwise/activation.ts';
import { cast } from '../tensor/ops/elementwise/cast.ts';
import { where } from '../tensor/ops/elementwise/logic.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkLossCall, lossOptions } from './check.ts';
import { checkClassLabels, underLabel } from './class-labels.ts';
import { expectLogits } from './expect-logits.ts';
import { declareTerm } from './loss-terms.ts';
import { type LossOptions, reduceLosses, weightTensor } from './reduction.ts';

export interface SoftmaxCrossEntropyOptions extends LossOptions {
  /** The fraction of the probability to distribute evenly over all classes (Szegedy et al. 2016); 0 by default. */
  readonly labelSmoothing?: number;
  /** A weight for each class, shape [C]; all 1 by default. */
  readonly classWeights?: TensorLike;
  /** A class number whose labels do not count, such as -100 for padding: their loss is 0, and the mean leaves them out. None by default. */
  readonly ignoreIndex?: number;
}

/**
 * The mean over the samples of -sum over c of w_c y_c log softmax(logits)_c, with y the label's distribution, smoothed
 * with `labelSmoothing`, and w the class weights. The mean is that of PyTorch: for class numbers it divides by the sum of
 * the weights (sample weight times class weight of the label), for distributions by the sum of the sample weights alone,
 * which is the number of samples by default.
 *
 * @param logits float32 [N, C] or [N, ..., C]: the model's output without a softmax (the output of one gives a warning);
 *   large values do not overflow.
 * @param labels class numbers [N, ...] (int32 or uint8), or distributions [N, ..., C]: one-hot or soft.
 * @returns a scalar; with reduction `none` the shape [N, ...].
 * @throws ShapeError, DTypeError if logits and labels do not fit.
 * @throws ValueError, when the loss is computed, if a class number is not in 0 .. C - 1.
 */
export function softmaxCrossEntropy(
  logits: Tensor,
  labels: Tensor,
  options: SoftmaxCrossEntropyOptions = {},
): Tensor<Shape, 'float32'> {
  checkLossCall(name, arguments.length, logits, labels, options, knownOptions);
  const { labelSmoothing = 0, classWeights, ignoreIndex, sampleWeights, reduction } = options;
  checkClassLabels(name, logits, labels);
  expectLogits(name, logits);
  if (!(typeof labelSmoothing === 'number' && labelSmoothing >= 0 && labelSmoothing <= 1))
    throw refusal(name, 'labelSmoothing', labelSmoothing, 'a number from 0 to 1');
  if (ignoreIndex !== undefined && !(Number.isInteger(ignoreIndex) && labels.rank < logits.rank))
    throw refusal(name, 'ignoreIndex', ignoreIndex, 'a whole number, for class numbers');
  const rows = logits.shape.slice(0, -1);
  const classes = logits.shape.at(-1)!;
  const perClass =
    classWeights === undefined ? null : weightTensor(name, 'classWeights', classWeights, [classes]);
  let perLabel =
    sampleWeights === undefined ? null : weightTensor(name, 'sampleWeights', sampleWeights, rows);
  let numbers = labels;
  if (ignoreIndex !== undefined) {
    const counted = cast(labels, 'int32').notEqual(ignoreIndex);
    numbers = where(counted, labels, 0);
    perLabel = perLabel === null ? cast(counted, 'float32') : perLabel.mul(counted);
  }
  const under = underLabel(name, numbers, logits);

  const surprise: Tensor = logSoftmax(cast(logits, 'float32')).neg();
  const weighted = perClass === null ? surprise : surprise.mul(perClass);
  let losses = under(weighted);
  if (labelSmoothing > 0) {
    losses = losses.mul(1 - labelSmoothing).add(weighted.sum(-1).mul(labelSmoothing / classes));
  }
  if (perLabel !== null) losses = losses.mul(perLabel);
  const classWeight = perClass === null || labels.rank > rows.length ? null : under(perClass);
  const weights =
    classWeight === null ? perLabel : perLabel === null ? classWeight : classWeight.mul(perLabel);
  const loss = reduceLosses(name, losses, weights, reduction);
  return (classWeight === null && numbers === labels) || reduction === 'sum' || loss.rank > 0
    ? loss
    : declareTerm(loss, weights!.sum());
}

const name = 'softmaxCrossEntropy';

const knownOptions: Known<SoftmaxCrossEntropyOptions> = {
  ...lossOptions,
  ...{ labelSmoothing: 0, classWeights: 0, ignoreIndex: 0 },
};
