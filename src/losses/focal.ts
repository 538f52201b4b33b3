import { type Known, refusal } from '../ir/arguments.ts';
import { sigmoid, softplus } from '../tensor/ops/elementwise/activation.ts';
import { pow } from '../tensor/ops/elementwise/arithmetic.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkLossCall, checkNotNegative, lossOptions } from './check.ts';
import { expectLogits } from './expect-logits.ts';
import { elementLoss, type LossOptions } from './reduction.ts';

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
