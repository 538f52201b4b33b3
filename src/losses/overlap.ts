import type { Known } from '../ir/arguments.ts';
import { ShapeError } from '../ir/errors.ts';
import { cast } from '../tensor/ops/elementwise/cast.ts';
import { type Shape, show } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkLossCall, checkNotNegative, lossOptions } from './check.ts';
import { checkSameShape, type LossOptions, reduceRows } from './reduction.ts';

export interface DiceOptions extends LossOptions {
  /** Added to numerator and denominator, so that an empty mask is no division by 0; 1 by default. */
  readonly smooth?: number;
}

export interface TverskyOptions extends DiceOptions {
  /** The weight of false positives; 0.5 by default. */
  readonly alpha?: number;
  /** The weight of false negatives; 0.5 by default. Larger values than `alpha` favor recall. */
  readonly beta?: number;
}

const diceOptions: Known<DiceOptions> = { ...lossOptions, smooth: 0 };
const tverskyOptions: Known<TverskyOptions> = { ...diceOptions, alpha: 0, beta: 0 };

/**
 * The mean over the samples of 1 - (2 sum(p y) + smooth) / (sum(p) + sum(y) + smooth), sums over all axes but the first
 * (Milletari et al. 2016): for segmentation where one class covers few pixels.
 *
 * @param probabilities float32 [N, ...], from 0 to 1: the model's output after a sigmoid or softmax.
 * @param targets of the same shape, from 0 to 1.
 * @returns a scalar; with reduction `none` the shape [N].
 * @throws ShapeError if the shapes differ.
 */
export function dice(
  probabilities: Tensor,
  targets: Tensor,
  options: DiceOptions = {},
): Tensor<Shape, 'float32'> {
  checkLossCall('dice', arguments.length, probabilities, targets, options, diceOptions);
  const { smooth = 1 } = options;
  checkNotNegative('dice', 'smooth', smooth);
  return overlapLoss('dice', probabilities, targets, options, (p, y) => {
    const shared: Tensor = total(p.mul(y)).mul(2).add(smooth);
    return shared.div(total(p).add(total(y)).add(smooth));
  });
}

/**
 * The mean over the samples of 1 - (t + smooth) / (t + alpha f + beta m + smooth), with t = sum(p y) the true positives,
 * f = sum(p (1 - y)) the false positives and m = sum((1 - p) y) the false negatives (Salehi et al. 2017). Arguments and
 * result as for `dice`.
 */
export function tversky(
  probabilities: Tensor,
  targets: Tensor,
  options: TverskyOptions = {},
): Tensor<Shape, 'float32'> {
  checkLossCall('tversky', arguments.length, probabilities, targets, options, tverskyOptions);
  const { smooth = 1, alpha = 0.5, beta = 0.5 } = options;
  for (const [what, value] of Object.entries({ smooth, alpha, beta }))
    checkNotNegative('tversky', what, value);
  return overlapLoss('tversky', probabilities, targets, options, (p, y) => {
    const truePositives = total(p.mul(y));
    const falsePositives = total(p).sub(truePositives);
    const falseNegatives = total(y).sub(truePositives);
    const all = truePositives.add(falsePositives.mul(alpha)).add(falseNegatives.mul(beta));
    return truePositives.add(smooth).div(all.add(smooth));
  });
}

function overlapLoss(
  name: string,
  probabilities: Tensor,
  targets: Tensor,
  options: LossOptions,
  overlap: (p: Tensor, y: Tensor) => Tensor,
): Tensor<Shape, 'float32'> {
  checkSameShape(name, probabilities, targets);
  if (probabilities.rank === 0) {
    throw new ShapeError(`[${name}] got probabilities ${show(probabilities.shape)}, wanted [N, ...].`);
  }
  const losses = overlap(cast(probabilities, 'float32'), cast(targets, 'float32')).neg().add(1);
  return reduceRows(name, losses, options);
}

/** The sum for each sample: [N, ...] to [N]. */
const total = (x: Tensor): Tensor => x.sum(x.shape.map((_, axis) => axis).slice(1));
