import { type Known, refusal } from '../ir/arguments.ts';
import { DTypeError, ShapeError } from '../ir/errors.ts';
import type { TensorLike } from '../tensor/creation.ts';
import { oneHotFor } from '../tensor/ops/arrangement/indexing.ts';
import { logSoftmax } from '../tensor/ops/elementwise/activation.ts';
import { cast } from '../tensor/ops/elementwise/cast.ts';
import { where } from '../tensor/ops/elementwise/logic.ts';
import { type Shape, show } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkLossCall, lossOptions } from './check.ts';
import { expectLogits } from './expect-logits.ts';
import { declareTerm } from './loss-terms.ts';
import { type LossOptions, reduceLosses, weightVector } from './reduction.ts';

export interface SoftmaxCrossEntropyOptions extends LossOptions {
  /** The fraction of the probability to distribute evenly over all classes (Szegedy et al. 2016); 0 by default. */
  readonly labelSmoothing?: number;
  /** A weight for each class, shape [C]; all 1 by default. */
  readonly classWeights?: TensorLike;
}

/**
 * The mean over the samples of -sum over c of w_c y_c log softmax(logits)_c, with y the label's distribution, smoothed
 * with `labelSmoothing`, and w the class weights. The mean is that of PyTorch: for class numbers it divides by the sum of
 * the weights (sample weight times class weight of the label), for distributions by the sum of the sample weights alone,
 * which is the number of samples by default.
 *
 * @param logits float32 [N, C]: the model's output without a softmax (the output of one gives a warning);
 *   large values do not overflow.
 * @param labels class numbers [N] (int32 or uint8), or distributions [N, C]: one-hot or soft.
 * @returns a scalar; with reduction `none` the shape [N].
 * @throws ShapeError, DTypeError if logits and labels do not fit.
 * @throws ValueError, when the loss is computed, if a class number is not in 0 .. C - 1.
 */
export function softmaxCrossEntropy(
  logits: Tensor,
  labels: Tensor,
  options: SoftmaxCrossEntropyOptions = {},
): Tensor<Shape, 'float32'> {
  checkLossCall(name, arguments.length, logits, labels, options, knownOptions);
  const { labelSmoothing = 0, classWeights, sampleWeights, reduction } = options;
  checkLabels(logits, labels);
  expectLogits(name, logits);
  if (!(typeof labelSmoothing === 'number' && labelSmoothing >= 0 && labelSmoothing <= 1))
    throw refusal(name, 'labelSmoothing', labelSmoothing, 'a number from 0 to 1');
  const [count, classes] = logits.shape as readonly [number, number];
  const perClass =
    classWeights === undefined ? null : weightVector(name, 'classWeights', classWeights, classes);
  const perSample =
    sampleWeights === undefined ? null : weightVector(name, 'sampleWeights', sampleWeights, count);

  /** The mean of values under each label's distribution: [N, C] or [C] to [N]. */
  const underLabel =
    labels.rank === 1 ? pick(oneHotFor(name, labels, classes, 'bool')) : average(cast(labels, 'float32'));

  const surprise: Tensor = logSoftmax(cast(logits, 'float32')).neg();
  const weighted = perClass === null ? surprise : surprise.mul(perClass);
  let losses = underLabel(weighted);
  if (labelSmoothing > 0) {
    losses = losses.mul(1 - labelSmoothing).add(weighted.sum(1).mul(labelSmoothing / classes));
  }
  if (perSample !== null) losses = losses.mul(perSample);
  const classWeight = perClass === null || labels.rank > 1 ? null : underLabel(perClass);
  const weights =
    classWeight === null ? perSample : perSample === null ? classWeight : classWeight.mul(perSample);
  const loss = reduceLosses(name, losses, weights, reduction);
  return classWeight === null || reduction === 'sum' || loss.rank > 0
    ? loss
    : declareTerm(loss, weights!.sum());
}

const name = 'softmaxCrossEntropy';

const knownOptions: Known<SoftmaxCrossEntropyOptions> = {
  ...lossOptions,
  labelSmoothing: 0,
  classWeights: 0,
};

/** Selects instead of multiplying by 0, so that an infinite value of another class gives no NaN. */
const pick =
  (hot: Tensor) =>
  (values: Tensor): Tensor =>
    where(hot, values, 0).sum(1);

const average =
  (distribution: Tensor) =>
  (values: Tensor): Tensor =>
    distribution.mul(values).sum(1);

function checkLabels(logits: Tensor, labels: Tensor): void {
  if (logits.rank !== 2) {
    throw new ShapeError(
      `[${name}] got logits ${show(logits.shape)}, wanted [N, C]: a row of C classes for each sample.`,
    );
  }
  const [count, classes] = logits.shape;
  const fits =
    labels.shape[0] === count && (labels.rank === 1 || (labels.rank === 2 && labels.shape[1] === classes));
  if (!fits) {
    throw new ShapeError(
      `[${name}] got labels ${show(labels.shape)} for logits ${show(logits.shape)}, ` +
        `wanted class numbers [${count}] or distributions ${show(logits.shape)}.`,
    );
  }
  if (labels.rank === 1 && labels.dtype !== 'int32' && labels.dtype !== 'uint8') {
    throw new DTypeError(
      `[${name}] got ${labels.dtype} labels ${show(labels.shape)}, wanted class numbers in int32 or uint8. ` +
        "Make them with tensor(labels, { dtype: 'int32' }), or cast them.",
    );
  }
}
