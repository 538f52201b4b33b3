import { checkOptions, describe } from '../../../ir/arguments.ts';
import { ShapeError, ValueError } from '../../../ir/errors.ts';
import { checkCall } from '../../apply.ts';
import { type Reduced, type Shape, show } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { takeAlong } from '../arrangement/along-axis.ts';
import { stack } from '../arrangement/join.ts';
import { reshape, slice } from '../arrangement/views.ts';
import { floating } from '../elementwise/elementwise.ts';
import { where } from '../elementwise/logic.ts';
import { type ReduceOptions, reducedAxes, reducedLast } from '../reduction/reduce.ts';
import { order } from './sort.ts';

/** What a quantile between two elements is, as NumPy names it. */
export type QuantileMethod = 'linear' | 'lower' | 'higher' | 'midpoint' | 'nearest';

export interface QuantileOptions extends ReduceOptions {
  /**
   * Between two elements: `linear` (default) interpolates, `lower` and `higher` take one of them, `midpoint` their mean, and
   * `nearest` the nearer one (halfway, that with the even index).
   */
  readonly method?: QuantileMethod;
}

/** The weight of the upper of two elements; `index` is that of the lower one. */
const weights: Record<QuantileMethod, (fraction: number, index: number) => number> = {
  linear: (fraction) => fraction,
  lower: () => 0,
  higher: () => 1,
  midpoint: () => 0.5,
  nearest: (fraction, index) => Number(fraction === 0.5 ? index % 2 === 1 : fraction > 0.5),
};

function between(low: Tensor, high: Tensor, weight: number): Tensor {
  const distance = high.sub(low);
  // The distance of infinite and of very large numbers is not finite.
  const far = low.mul(1 - weight).add(high.mul(weight));
  return where(distance.isFinite(), low.add(distance.mul(weight)), far);
}

/** Quantiles of the elements over the axes; one tensor for each of `qs`. */
function quantiles(
  name: string,
  x: Tensor,
  qs: readonly number[],
  axes: number | readonly number[] | undefined,
  { keepDims = false, method = 'linear' }: QuantileOptions,
): Tensor[] {
  const list = reducedAxes(name, x, axes);
  const { flat } = reducedLast(floating(x), list);
  const last = flat.rank - 1;
  const size = flat.node.shape[last]!;
  if (size === 0)
    throw new ShapeError(`[${name}] axes [${list}] of ${show(x.shape)} are empty. Reduce non-empty axes.`);
  const sorted = takeAlong(flat, order(flat, last, size, false), last);
  const at = (index: number): Tensor =>
    slice(sorted, ...flat.node.shape.slice(0, last).map(() => null), index);
  const shape = x.node.shape.flatMap((d, axis) => (list.includes(axis) ? (keepDims ? [1] : []) : [d]));
  return qs.map((q) => {
    const place = q * (size - 1);
    const index = Math.floor(place);
    const weight = index === place ? 0 : weights[method](place - index, index);
    const low = at(index);
    const high = weight === 0 ? low : at(index + 1);
    const y = weight === 0 ? low : weight === 1 ? high : between(low, high, weight);
    // NaN is the last one.
    return reshape(where(at(size - 1).isNaN(), Number.NaN, y), shape);
  });
}

/**
 * The median of the elements over the axes (all by default), in float32, as `np.median`: of an even number of elements the mean
 * of the two in the middle. NaN gives NaN. The gradient goes to the elements in the middle.
 */
export function median<
  S extends Shape,
  const A extends number | readonly number[] | undefined = undefined,
  const O extends ReduceOptions = {},
>(x: Tensor<S>, axes?: A, options?: O): Tensor<Reduced<S, A, O>, 'float32'>;
export function median(x: Tensor, axes?: number | readonly number[], options: ReduceOptions = {}): Tensor {
  checkCall('median', arguments.length, 3, x);
  checkOptions('median', options, { keepDims: false });
  return quantiles('median', x, [0.5], axes, options)[0]!;
}

/**
 * The q-th quantiles of the elements over the axes (all by default), in float32, as `np.quantile`. NaN gives NaN. The gradient
 * goes to the elements that they lie between.
 *
 * @param q from 0 to 1; several give a result with a first axis for them.
 */
export function quantile(
  x: Tensor,
  q: number | readonly number[],
  axes?: number | readonly number[],
  options?: QuantileOptions,
): Tensor<Shape, 'float32'>;
export function quantile(
  x: Tensor,
  q: number | readonly number[],
  axes?: number | readonly number[],
  options: QuantileOptions = {},
): Tensor {
  checkCall('quantile', arguments.length, 4, x);
  checkOptions('quantile', options, { keepDims: false, method: 'linear' });
  const { method = 'linear' } = options;
  if (!Object.hasOwn(weights, method))
    throw new ValueError(
      `[quantile] got method ${describe(method)}, wanted ${Object.keys(weights).join(', ')}.`,
    );
  const qs = typeof q === 'number' ? [q] : q;
  if (!Array.isArray(qs) || qs.length === 0 || qs.some((p) => !(typeof p === 'number' && p >= 0 && p <= 1))) {
    const got = Array.isArray(qs) ? `[${qs.map(describe).join(', ')}]` : describe(q);
    throw new ValueError(`[quantile] got q ${typeof q === 'number' ? q : got}, wanted numbers from 0 to 1.`);
  }
  const results = quantiles('quantile', x, qs, axes, options);
  return typeof q === 'number' ? results[0]! : stack(results);
}
