import { ShapeError } from '../ir/errors.ts';
import { logSoftmax } from '../tensor/ops/elementwise/activation.ts';
import { cast } from '../tensor/ops/elementwise/cast.ts';
import { greater, where } from '../tensor/ops/elementwise/logic.ts';
import { log } from '../tensor/ops/elementwise/math.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkLossCall } from './check.ts';
import { expectLogits } from './expect-logits.ts';
import { checkSameShape, type LossOptions, reduceRows } from './reduction.ts';

/**
 * The mean over the samples of sum over c of y_c (log y_c - log softmax(logits)_c): the Kullback-Leibler divergence of the
 * predicted from the target distribution, as for distillation. It is the cross entropy less the entropy of the targets.
 *
 * @param logits float32 [..., C]: the model's output without a softmax (the output of one gives a warning).
 * @param targets distributions of the same shape.
 * @returns a scalar; with reduction `none` the shape without the last axis.
 * @throws ShapeError if the shapes differ.
 */
export function klDivergence(
  logits: Tensor,
  targets: Tensor,
  options: LossOptions = {},
): Tensor<Shape, 'float32'> {
  checkLossCall('klDivergence', arguments.length, logits, targets, options);
  checkSameShape('klDivergence', logits, targets);
  if (logits.rank === 0) throw new ShapeError('[klDivergence] got logits [], wanted [..., C].');
  expectLogits('klDivergence', logits);
  const y = cast(targets, 'float32');
  const logTargets = log(where(greater(y, 0), y, 1));
  const losses = y.mul(logTargets.sub(logSoftmax(cast(logits, 'float32')))).sum(-1);
  return reduceRows('klDivergence', losses, options);
}
