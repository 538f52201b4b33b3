import { sortIndices } from '../../../algorithms/sort.ts';
import { checkOptions, describe } from '../../../ir/arguments.ts';
import type { DType } from '../../../ir/dtype.ts';
import { ShapeError } from '../../../ir/errors.ts';
import { apply, checkCall } from '../../apply.ts';
import { noGradient, operation } from '../../operation.ts';
import { axesUpTo, normalizeAxis, type Shape, show } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { takeAlong } from '../arrangement/along-axis.ts';
import { transpose } from '../arrangement/views.ts';
import { numeric } from '../elementwise/elementwise.ts';

const sortOperation = operation<{ descending: boolean; count: number }>({
  name: 'argsort',
  shape: ([x], { count }) => ({ shape: [...x!.shape.slice(0, -1), count], dtype: 'int32' as DType }),
  vjp: noGradient,
  lower: ({ inputs: [x] }, _b, { descending }) => ({
    kind: 'algorithm',
    algorithm: sortIndices(x!.dtype === 'float32' ? 'f32' : 'i32', descending),
  }),
});

/** The indices along an axis of the first `count` elements in sorted order. */
export function order(x: Tensor, axis: number, count: number, descending: boolean): Tensor {
  const last = x.rank - 1;
  const exchanged = axesUpTo(x.rank);
  [exchanged[axis], exchanged[last]] = [last, axis];
  const indices = apply(sortOperation, [transpose(numeric(x), exchanged)], { descending, count });
  return transpose(indices, exchanged);
}

export interface SortOptions {
  /** From the largest to the smallest; false by default. */
  readonly descending?: boolean;
}

const known = { descending: false };

/**
 * The elements along an axis in ascending order, as `np.sort`. NaN comes after Infinity (first if `descending`, as in PyTorch).
 * The gradient goes to where each element came from.
 */
export function sort<S extends Shape, D extends DType>(
  x: Tensor<S, D>,
  axis?: number,
  options?: SortOptions,
): Tensor<S, D>;
export function sort(x: Tensor, axis = -1, options: SortOptions = {}): Tensor {
  checkCall('sort', arguments.length, 3, x);
  checkOptions('sort', options, known);
  const a = normalizeAxis('sort', axis, x.rank);
  return takeAlong(x, order(x, a, x.node.shape[a]!, options.descending ?? false), a);
}

/**
 * The indices (int32) along an axis that sort it, as `np.argsort`. The sort is stable: equal elements keep their order, also if
 * `descending`.
 */
export function argsort<S extends Shape>(
  x: Tensor<S>,
  axis?: number,
  options?: SortOptions,
): Tensor<S, 'int32'>;
export function argsort(x: Tensor, axis = -1, options: SortOptions = {}): Tensor {
  checkCall('argsort', arguments.length, 3, x);
  checkOptions('argsort', options, known);
  const a = normalizeAxis('argsort', axis, x.rank);
  return order(x, a, x.node.shape[a]!, options.descending ?? false);
}

export interface TopKOptions {
  /** The last axis by default. */
  readonly axis?: number;
  /** The largest (default) or the smallest elements. */
  readonly largest?: boolean;
}

/**
 * The k largest elements along an axis in descending order, and their indices (int32), as `torch.topk` and `tf.math.top_k`. Of
 * equal elements the first ones are taken, in order; NaN is the largest.
 */
export function topK<D extends DType>(
  x: Tensor<Shape, D>,
  k: number,
  options?: TopKOptions,
): { readonly values: Tensor<Shape, D>; readonly indices: Tensor<Shape, 'int32'> };
export function topK(
  x: Tensor,
  k: number,
  options: TopKOptions = {},
): { readonly values: Tensor; readonly indices: Tensor } {
  checkCall('topK', arguments.length, 3, x);
  checkOptions('topK', options, { axis: 0, largest: true });
  const { axis = -1, largest = true } = options;
  const a = normalizeAxis('topK', axis, x.rank);
  const size = x.node.shape[a]!;
  if (!Number.isInteger(k) || k < 0 || k > size) {
    throw new ShapeError(
      `[topK] got k ${typeof k === 'number' ? k : describe(k)} for axis ${a} of ${show(x.shape)}, wanted a whole number from 0 to ${size}.`,
    );
  }
  const indices = order(x, a, k, largest);
  return { values: takeAlong(x, indices, a), indices };
}
