import { type Known, refusal, reportAs } from '../ir/arguments.ts';
import { ShapeError } from '../ir/errors.ts';
import { type TensorLike, tensor } from '../tensor/creation.ts';
import { softplus } from '../tensor/ops/elementwise/activation.ts';
import { cast } from '../tensor/ops/elementwise/cast.ts';
import { broadcastShapes, type Shape, show } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkLossCall, lossOptions } from './check.ts';
import { expectLogits } from './expect-logits.ts';
import { elementLoss, type LossOptions } from './reduction.ts';

export interface BinaryCrossEntropyOptions extends LossOptions {
  /**
   * Multiplies the loss of positive targets: a number, or a tensor that broadcasts to the logits, such as [C] with a
   * weight for each class; 1 by default.
   */
  readonly positiveWeight?: TensorLike;
  /** The fraction s by which targets move towards 1/2, as in Keras: y becomes y (1 - s) + s / 2; 0 by default. */
  readonly labelSmoothing?: number;
}

const knownOptions: Known<BinaryCrossEntropyOptions> = {
  ...lossOptions,
  positiveWeight: 0,
  labelSmoothing: 0,
};

/**
 * The mean over all elements of -(p y log s + (1 - y) log(1 - s)), with s = sigmoid(logit), y the target and p the
 * weight of positive targets. Computed as p y softplus(-x) + (1 - y) softplus(x), which does not overflow.
 *
 * @param logits float32, any shape: the model's output without a sigmoid (the output of one gives a warning).
 * @param targets of the same shape, from 0 to 1.
 * @returns a scalar; with reduction `none` the shape of the logits.
 * @throws ShapeError if the shapes differ.
 */
export function binaryCrossEntropy(
  logits: Tensor,
  targets: Tensor,
  options: BinaryCrossEntropyOptions = {},
): Tensor<Shape, 'float32'> {
  checkLossCall('binaryCrossEntropy', arguments.length, logits, targets, options, knownOptions);
  const { labelSmoothing = 0, positiveWeight } = options;
  if (!(typeof labelSmoothing === 'number' && labelSmoothing >= 0 && labelSmoothing <= 1))
    throw refusal('binaryCrossEntropy', 'labelSmoothing', labelSmoothing, 'a number from 0 to 1');
  expectLogits('binaryCrossEntropy', logits);
  return elementLoss('binaryCrossEntropy', logits, targets, options, (x, targets) => {
    const y = labelSmoothing === 0 ? targets : targets.mul(1 - labelSmoothing).add(labelSmoothing / 2);
    const positive: Tensor = y.mul(softplus(x.neg()));
    const negative: Tensor = y.neg().add(1).mul(softplus(x));
    if (positiveWeight === undefined) return positive.add(negative);
    if (typeof positiveWeight === 'number') return positive.mul(positiveWeight).add(negative);
    const weight = reportAs('binaryCrossEntropy', () => cast(tensor(positiveWeight), 'float32'));
    if (show(broadcastShapes('binaryCrossEntropy', weight.shape, x.shape)) !== show(x.shape)) {
      throw new ShapeError(
        `[binaryCrossEntropy] got positiveWeight of shape ${show(weight.shape)}, wanted one that broadcasts to ${show(x.shape)}. Reshape it.`,
      );
    }
    return positive.mul(weight).add(negative);
  });
}
