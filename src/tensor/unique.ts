import { checkCount } from '../ir/arguments.ts';
import { type DType, dtypes } from '../ir/dtype.ts';
import { checkTensor } from './apply.ts';
import { fromArray } from './creation.ts';
import { flatten } from './ops/arrangement/views.ts';
import { argsort } from './ops/order/sort.ts';
import type { Shape } from './shape.ts';
import type { Tensor } from './tensor.ts';

/** The different values of a tensor. */
export interface Unique<D extends DType> {
  /** In ascending order, NaN last. */
  readonly values: Tensor<[number], D>;
  /** Where each value occurs first in the flattened tensor (int32). */
  readonly indices: Tensor<[number], 'int32'>;
  /** The number of each element's value: `take(values, inverse)` is the flattened tensor. */
  readonly inverse: Tensor<[number], 'int32'>;
  /** How often each value occurs (int32). */
  readonly counts: Tensor<[number], 'int32'>;
}

/**
 * The different values of a tensor in ascending order, as `np.unique`, with where they are and how often they occur. All NaNs
 * count as one value, and -0 as 0. How many there are depends on the values: so they are computed and awaited, and no gradient
 * goes through.
 */
export function unique<D extends DType>(x: Tensor<Shape, D>): Promise<Unique<D>>;
export async function unique(x: Tensor): Promise<Unique<DType>> {
  checkTensor('unique', x);
  checkCount('unique', arguments.length, 1);
  const flat = flatten(x);
  const [data, order] = await Promise.all([flat.data(), argsort(flat).data()]);
  const inverse = new Int32Array(order.length);
  const indices: number[] = [];
  const counts: number[] = [];
  let before = 0;
  for (let i = 0; i < order.length; i++) {
    const at = order[i]!;
    const value: number = data[at]!;
    const isSame = i > 0 && (value === before || (Number.isNaN(value) && Number.isNaN(before)));
    // The sort is stable: the first of equal elements comes first.
    if (isSame) counts[counts.length - 1]!++;
    else {
      indices.push(at);
      counts.push(1);
    }
    inverse[at] = indices.length - 1;
    before = value;
  }
  const values = dtypes[x.dtype].allocate(indices.length);
  indices.forEach((at, i) => {
    values[i] = data[at]!;
  });
  const integers = (list: readonly number[]) => {
    return fromArray(Int32Array.from(list), [list.length], 'int32') as Tensor<[number], 'int32'>;
  };
  return {
    values: fromArray(values, [values.length], x.dtype) as Tensor<[number]>,
    indices: integers(indices),
    inverse: fromArray(inverse, [inverse.length], 'int32') as Tensor<[number], 'int32'>,
    counts: integers(counts),
  };
}
