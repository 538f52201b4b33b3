import { type Known, refusal } from '../ir/arguments.ts';
import type { TensorLike } from '../tensor/creation.ts';
import { logSoftmax, sigmoid, softplus } from '../tensor/ops/elementwise/activation.ts';
import { pow } from '../tensor/ops/elementwise/arithmetic.ts';
import { cast } from '../tensor/ops/elementwise/cast.ts';
import { expm1 } from '../tensor/ops/elementwise/math.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkLossCall, checkNotNegative, lossOptions } from './check.ts';
import { checkClassLabels, underLabel } from './class-labels.ts';
import { expectLogits } from './expect-logits.ts';
import { elementLoss, type LossOptions, reduceRows, weightTensor } from './reduction.ts';

export interface BinaryFocalCrossEntropyOptions extends LossOptions {
  /** The exponent of the factor that reduces the loss of well classified elements; 2 by default, 0 is the cross entropy. */
  readonly gamma?: number;
  /** The weight of positive targets, from 0 to 1; negative ones have 1 - alpha. Without it both have the weight 1. */
  readonly alpha?: number;
}

const knownOptions: Known<BinaryFocalCrossEntropyOptions> = { ...lossOptions, gamma: 0, alpha: 0 };

/**
 * The mean over all elements of (1 - q)^gamma times the binary cross entropy, with q = s y + (1 - s) (1 - y) and
 * s = sigmoid(logit) (Lin et al. 2017): for few positive among many easy negative elements.
 *
 * @param logits float32, any shape: the model's output without a sigmoid (the output of one gives a warning).
 * @param targets of the same shape, from 0 to 1.
 * @returns a scalar; with reduction `none` the shape of the logits.
 * @throws ShapeError if the shapes differ.
 */
export function binaryFocalCrossEntropy(
  logits: Tensor,
  targets: Tensor,
  options: BinaryFocalCrossEntropyOptions = {},
): Tensor<Shape, 'float32'> {
  const name = 'binaryFocalCrossEntropy';
  checkLossCall(name, arguments.length, logits, targets, options, knownOptions);
  const { gamma = 2, alpha } = options;
  checkNotNegative(name, 'gamma', gamma);
  if (alpha !== undefined && !(typeof alpha === 'number' && alpha >= 0 && alpha <= 1))
    throw refusal(name, 'alpha', alpha, 'a number from 0 to 1');
  expectLogits(name, logits);
  return elementLoss(name, logits, targets, options, (x, y) => {
    const rest = y.neg().add(1);
    const entropy: Tensor = y.mul(softplus(x.neg())).add(rest.mul(softplus(x)));
    const missing: Tensor = y.mul(sigmoid(x.neg())).add(rest.mul(sigmoid(x)));
    const losses = entropy.mul(pow(missing, gamma));
    return alpha === undefined ? losses : losses.mul(y.mul(alpha).add(rest.mul(1 - alpha)));
  });
}

export interface SoftmaxFocalCrossEntropyOptions extends LossOptions {
  /** The exponent of the factor that reduces the loss of well classified samples; 2 by default, 0 is the cross entropy. */
  readonly gamma?: number;
  /** The weight of the loss: a number, or one for each class, shape [C]; 1 by default. (Keras has 0.25.) */
  readonly alpha?: TensorLike;
}

const softmaxOptions: Known<SoftmaxFocalCrossEntropyOptions> = { ...lossOptions, gamma: 0, alpha: 0 };

/**
 * The mean over the samples of -sum over c of alpha_c (1 - p_c)^gamma y_c log p_c, with p = softmax(logits) (Lin et al. 2017;
 * `CategoricalFocalCrossentropy` of Keras): for classes that are rare among easy samples.
 *
 * @param logits float32 [N, C] or [N, ..., C]: the model's output without a softmax (the output of one gives a warning).
 * @param labels class numbers [N, ...] (int32 or uint8), or distributions [N, ..., C].
 * @returns a scalar; with reduction `none` the shape [N, ...].
 * @throws ShapeError, DTypeError if logits and labels do not fit.
 */
export function softmaxFocalCrossEntropy(
  logits: Tensor,
  labels: Tensor,
  options: SoftmaxFocalCrossEntropyOptions = {},
): Tensor<Shape, 'float32'> {
  const name = 'softmaxFocalCrossEntropy';
  checkLossCall(name, arguments.length, logits, labels, options, softmaxOptions);
  const { gamma = 2, alpha = 1 } = options;
  checkNotNegative(name, 'gamma', gamma);
  if (typeof alpha === 'number') checkNotNegative(name, 'alpha', alpha);
  checkClassLabels(name, logits, labels);
  expectLogits(name, logits);
  const logarithm: Tensor = logSoftmax(cast(logits, 'float32'));
  const missing: Tensor = expm1(logarithm).neg();
  const losses: Tensor = logarithm.neg().mul(pow(missing, gamma));
  const weight =
    typeof alpha === 'number' ? alpha : weightTensor(name, 'alpha', alpha, [logits.shape.at(-1)!]);
  return reduceRows(name, underLabel(name, labels, logits)(losses.mul(weight)), options);
}
