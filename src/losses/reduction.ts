import { reportAs } from '../ir/arguments.ts';
import { ShapeError, ValueError } from '../ir/errors.ts';
import { type TensorLike, tensor } from '../tensor/creation.ts';
import { broadcastTo, reshape } from '../tensor/ops/arrangement/views.ts';
import { cast } from '../tensor/ops/elementwise/cast.ts';
import { type Shape, show } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { declareTerm } from './loss-terms.ts';

/**
 * The reduction of the losses: `mean` divides their sum by the sum of the weights, `sum` adds them, `none` returns the
 * loss of each sample.
 */
export type Reduction = 'mean' | 'sum' | 'none';

export interface LossOptions {
  /**
   * A weight for each sample, shape [N], or for each position of losses [N, ...], such as [N, T]: a mask has 1 and 0. All 1 by
   * default.
   */
  readonly sampleWeights?: TensorLike;
  /** The reduction of the losses over the samples; `mean` by default. */
  readonly reduction?: Reduction;
}

/**
 * Reduces weighted losses. The mean divides by the sum of the weights, broadcast to the losses.
 *
 * @param losses already multiplied by their weights.
 * @param weights null if all are 1.
 */
export function reduceLosses(
  name: string,
  losses: Tensor,
  weights: Tensor | null,
  reduction: Reduction = 'mean',
): Tensor<Shape, 'float32'> {
  switch (reduction) {
    case 'none':
      return losses;
    case 'sum':
      return declareTerm(losses.sum(), null);
    case 'mean':
      return weights === null ? losses.mean() : losses.sum().div(broadcastTo(weights, losses.shape).sum());
    default:
      throw new ValueError(`[${name}] got reduction '${String(reduction)}', wanted 'mean', 'sum' or 'none'.`);
  }
}

/** Weights, float32, of the shape or its first axes, with axes of length 1 instead of the others. */
export function weightTensor(
  name: string,
  what: string,
  weights: TensorLike,
  shape: Shape,
): Tensor<Shape, 'float32'> {
  const given = reportAs(name, () => tensor(weights));
  // The values of a tensor may not be known yet.
  const wrong =
    weights instanceof Tensor ? undefined : given.dataSync().find((x) => !Number.isFinite(x) || x < 0);
  if (wrong !== undefined)
    throw new ValueError(`[${name}] got ${wrong} among ${what}, wanted finite numbers from 0 up.`);
  const w = cast(given, 'float32');
  const wanted = shape.map((_, axis) => show(shape.slice(0, axis + 1)));
  if (wanted.includes(show(w.shape)))
    return reshape(
      w,
      shape.map((_, axis) => w.shape[axis] ?? 1),
    );
  throw new ShapeError(`[${name}] got ${what} of shape ${show(w.shape)}, wanted ${wanted.join(' or ')}.`);
}

/**
 * Computes the loss of each element, weights and reduces it: for the losses that compare two tensors of the same
 * shape.
 */
export function elementLoss(
  name: string,
  predictions: Tensor,
  targets: Tensor,
  options: LossOptions,
  loss: (predictions: Tensor, targets: Tensor) => Tensor,
): Tensor<Shape, 'float32'> {
  checkSameShape(name, predictions, targets);
  return reduceRows(name, loss(cast(predictions, 'float32'), cast(targets, 'float32')), options);
}

export function checkSameShape(name: string, predictions: Tensor, targets: Tensor): void {
  if (show(predictions.shape) === show(targets.shape)) return;
  throw new ShapeError(
    `[${name}] got predictions ${show(predictions.shape)} and targets ${show(targets.shape)}, wanted one shape. ` +
      'Reshape one of them: losses do not broadcast.',
  );
}

/** Weights losses [N, ...] and reduces them. */
export function reduceRows(
  name: string,
  losses: Tensor,
  { sampleWeights, reduction }: LossOptions,
): Tensor<Shape, 'float32'> {
  if (sampleWeights === undefined) return reduceLosses(name, losses, null, reduction);
  if (losses.rank === 0) {
    throw new ShapeError(
      `[${name}] got sampleWeights for scalars, wanted predictions [N, ...]. Leave the weights out.`,
    );
  }
  const weights = weightTensor(name, 'sampleWeights', sampleWeights, losses.shape);
  return reduceLosses(name, losses.mul(weights), weights, reduction);
}
