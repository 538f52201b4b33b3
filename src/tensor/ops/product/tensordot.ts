import { checkArray, describe } from '../../../ir/arguments.ts';
import type { DType } from '../../../ir/dtype.ts';
import { ShapeError, ValueError } from '../../../ir/errors.ts';
import { checkCall, checkTensor } from '../../apply.ts';
import type { Common, Promoted, Summed } from '../../dtypes.ts';
import { normalizeAxis, type Shape, show } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { diagonal } from '../arrangement/diagonal.ts';
import { flatten, reshape, transpose } from '../arrangement/views.ts';
import { mul } from '../elementwise/arithmetic.ts';
import { cast } from '../elementwise/cast.ts';
import { promoteOperands } from '../elementwise/elementwise.ts';
import { contract } from '../matmul.ts';
import { sum } from '../reduction/reduce.ts';

/**
 * The sum of products over some axes of both tensors, as `np.tensordot`. The result has the other axes of a, then those of b.
 * Integers give int32, which wraps.
 *
 * @param axes how many: the last ones of a, the first ones of b (default 2); or which, `[axes of a, axes of b]`.
 */
export function tensordot<D extends DType, E extends DType>(
  a: Tensor<Shape, D>,
  b: Tensor<Shape, E>,
  axes?: number | readonly [number | readonly number[], number | readonly number[]],
): Tensor<Shape, Summed<Common<D, E>>>;
export function tensordot(
  a: Tensor,
  b: Tensor,
  axes: number | readonly [number | readonly number[], number | readonly number[]] = 2,
): Tensor {
  checkCall('tensordot', arguments.length, 3, a);
  checkTensor('tensordot', b);
  if (typeof axes === 'number' && !(Number.isInteger(axes) && axes >= 0))
    throw new ValueError(
      `[tensordot] got axes ${axes}, wanted a whole number from 0 up, or two lists of axes.`,
    );
  if (typeof axes !== 'number') {
    checkArray('tensordot', 'axes', axes, '[[0, 1], [1, 0]], or a number');
    if (axes.length !== 2)
      throw new ValueError(`[tensordot] got ${axes.length} lists of axes, wanted two: of a and of b.`);
  }
  const count = (n: number, from: number): number[] => Array.from({ length: n }, (_, i) => from + i);
  const given: readonly (number | readonly number[])[] =
    typeof axes === 'number' ? [count(axes, -axes), count(axes, 0)] : axes;
  const [ofA, ofB] = given.map((list, k) => {
    const x = [a, b][k]!;
    if (typeof list !== 'number') checkArray('tensordot', `axes[${k}]`, list, '[0, 1]');
    return (typeof list === 'number' ? [list] : list).map((axis) => normalizeAxis('tensordot', axis, x.rank));
  }) as [number[], number[]];
  const sizes = (x: Tensor, list: readonly number[]): Shape => list.map((axis) => x.node.shape[axis]!);
  if (
    show(sizes(a, ofA)) !== show(sizes(b, ofB)) ||
    new Set(ofA).size < ofA.length ||
    new Set(ofB).size < ofB.length
  )
    throw new ShapeError(
      `[tensordot] axes [${ofA}] of ${show(a.shape)} and [${ofB}] of ${show(b.shape)} do not fit. Name axes of equal sizes, each once.`,
    );
  const [pa, pb] = promoteOperands('tensordot', a, b);
  const dtype = pa.dtype === 'float32' ? 'float32' : 'int32';
  const others = (x: Tensor, list: readonly number[]): number[] =>
    x.node.shape.map((_, axis) => axis).filter((axis) => !list.includes(axis));
  const [rows, columns] = [others(a, ofA), others(b, ofB)];
  return contract(
    transpose(cast(pa, dtype), [...rows, ...ofA]),
    transpose(cast(pb, dtype), [...ofB, ...columns]),
    0,
    rows.length,
    ofA.length,
    columns.length,
  );
}

/** The products of all elements of a, as rows, with all elements of b, as columns: `np.outer`. */
export function outer<D extends DType, E extends DType>(
  a: Tensor<Shape, D>,
  b: Tensor<Shape, E>,
): Tensor<[number, number], Promoted<D, E>>;
export function outer(a: Tensor, b: Tensor): Tensor {
  checkCall('outer', arguments.length, 2, a);
  checkTensor('outer', b);
  return mul(reshape(a, [a.size, 1]), flatten(b));
}

/**
 * The sum of the elements with equal indices along two axes, as `np.trace`. float32 stays float32, others give int32.
 *
 * @param offset of the index along `axis2`: 1 is the diagonal above the main one, -1 that below.
 */
export function trace<D extends DType>(
  x: Tensor<Shape, D>,
  offset?: number,
  axis1?: number,
  axis2?: number,
): Tensor<Shape, Summed<D>>;
export function trace(x: Tensor, offset = 0, axis1 = 0, axis2 = 1): Tensor {
  checkCall('trace', arguments.length, 4, x);
  const [first, second] = [normalizeAxis('trace', axis1, x.rank), normalizeAxis('trace', axis2, x.rank)];
  if (first === second)
    throw new ShapeError(`[trace] got axis ${first} of ${show(x.shape)} twice, wanted two axes.`);
  if (!Number.isInteger(offset))
    throw new ValueError(`[trace] got offset ${describe(offset)}, wanted a whole number.`);
  return sum(diagonal(x, first, second, offset), -1);
}
