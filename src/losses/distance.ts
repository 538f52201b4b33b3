import { checkOptions, type Known, refusal } from '../ir/arguments.ts';
import { ShapeError } from '../ir/errors.ts';
import { checkCall, checkTensor } from '../tensor/apply.ts';
import { maximum } from '../tensor/ops/elementwise/arithmetic.ts';
import { cast } from '../tensor/ops/elementwise/cast.ts';
import { sqrt } from '../tensor/ops/elementwise/math.ts';
import { type Shape, show } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkLossCall, lossOptions } from './check.ts';
import { checkSameShape, type LossOptions, reduceRows } from './reduction.ts';

/** Options of `tripletMargin` and `contrastive`. */
export interface MarginOptions extends LossOptions {
  /** The distance from which on different samples are far enough apart; 1 by default. */
  readonly margin?: number;
}

const marginOptions: Known<MarginOptions> = { ...lossOptions, margin: 0 };

/**
 * The mean over the samples of 1 - x y / (|x| |y|): 0 for the same direction, 1 for a right angle, 2 for the opposite
 * direction. Lengths below 1e-8 count as 1e-8.
 *
 * @param predictions float32 [..., C].
 * @param targets of the same shape.
 * @returns a scalar; with reduction `none` the shape without the last axis.
 * @throws ShapeError if the shapes differ.
 */
export function cosineDistance(
  predictions: Tensor,
  targets: Tensor,
  options: LossOptions = {},
): Tensor<Shape, 'float32'> {
  checkLossCall('cosineDistance', arguments.length, predictions, targets, options);
  const [x, y] = vectors('cosineDistance', predictions, targets) as [Tensor, Tensor];
  const length = (v: Tensor): Tensor => sqrt(maximum(v.square().sum(-1), 1e-16));
  const similarity: Tensor = x
    .mul(y)
    .sum(-1)
    .div(length(x).mul(length(y)));
  return reduceRows('cosineDistance', similarity.neg().add(1), options);
}

/**
 * The mean over the samples of max(d(anchor, positive) - d(anchor, negative) + margin, 0), with the Euclidean distance d
 * (Balntas et al. 2016).
 *
 * @param anchor float32 [..., C]: embeddings.
 * @param positive embeddings of samples of the same class, of the same shape.
 * @param negative embeddings of samples of other classes, of the same shape.
 * @returns a scalar; with reduction `none` the shape without the last axis.
 * @throws ShapeError if the shapes differ.
 */
export function tripletMargin(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options: MarginOptions = {},
): Tensor<Shape, 'float32'> {
  const margin = checkTriple('tripletMargin', arguments.length, anchor, positive, negative, options);
  const [a, p, n] = vectors('tripletMargin', anchor, positive, negative) as [Tensor, Tensor, Tensor];
  const losses = maximum(distance(a, p).sub(distance(a, n)).add(margin), 0);
  return reduceRows('tripletMargin', losses, options);
}

/**
 * The mean over the pairs of d^2 / 2 for the same class and max(margin - d, 0)^2 / 2 for different ones, with the Euclidean
 * distance d of the pair (Hadsell et al. 2006).
 *
 * @param a float32 [..., C]: embeddings.
 * @param b embeddings of the same shape.
 * @param same 1 or true for pairs of the same class, else 0 or false; the shape without the last axis.
 * @returns a scalar; with reduction `none` the shape of `same`.
 * @throws ShapeError if the shapes do not fit.
 */
export function contrastive(
  a: Tensor,
  b: Tensor,
  same: Tensor,
  options: MarginOptions = {},
): Tensor<Shape, 'float32'> {
  const margin = checkTriple('contrastive', arguments.length, a, b, same, options);
  const [x, y] = vectors('contrastive', a, b) as [Tensor, Tensor];
  const d = distance(x, y);
  if (show(same.shape) !== show(d.shape)) {
    throw new ShapeError(
      `[contrastive] got same of shape ${show(same.shape)} for embeddings ${show(a.shape)}, wanted ${show(d.shape)}.`,
    );
  }
  const isSame = cast(same, 'float32');
  const far = maximum(d.neg().add(margin), 0).square();
  const losses = isSame.mul(d.square()).add(isSame.neg().add(1).mul(far)).mul(0.5);
  return reduceRows('contrastive', losses, options);
}

/** Embeddings as float32, all of one shape [..., C]. */
function vectors(name: string, first: Tensor, ...others: readonly Tensor[]): Tensor[] {
  for (const other of others) checkSameShape(name, first, other);
  if (first.rank === 0) throw new ShapeError(`[${name}] got scalars, wanted [..., C].`);
  return [first, ...others].map((x) => cast(x, 'float32'));
}

/** The Euclidean distance of rows; 1e-6 is added to each difference, as in PyTorch, since the root has no gradient at 0. */
const distance = (x: Tensor, y: Tensor): Tensor => sqrt(x.sub(y).add(1e-6).square().sum(-1));

/** The border of a loss of three Tensors. Returns the margin. */
function checkTriple(
  name: string,
  count: number,
  a: unknown,
  b: unknown,
  c: unknown,
  options: MarginOptions,
): number {
  checkCall(name, count, 4, a);
  checkTensor(name, b);
  checkTensor(name, c);
  checkOptions(name, options, marginOptions);
  const { margin = 1 } = options;
  if (!(typeof margin === 'number' && margin > 0 && margin < Infinity))
    throw refusal(name, 'margin', margin, 'a number above 0');
  return margin;
}
