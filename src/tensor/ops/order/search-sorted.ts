import { isLess } from '../../../algorithms/sort.ts';
import { checkOptions, describe } from '../../../ir/arguments.ts';
import { type DType, promote } from '../../../ir/dtype.ts';
import { ShapeError, ValueError } from '../../../ir/errors.ts';
import { binary, compare, constant, select, unary } from '../../../ir/expr.ts';
import { apply, checkCall, checkTensor } from '../../apply.ts';
import { noGradient, operation } from '../../operation.ts';
import { type Shape, show } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { cast } from '../elementwise/cast.ts';

const searchOperation = operation<{ right: boolean }>({
  name: 'searchSorted',
  shape: ([, values]) => ({ shape: values!.shape, dtype: 'int32' as DType }),
  vjp: noGradient,
  lower: (node, b, { right }) => {
    const sorted = node.inputs[0]!;
    const values = node.inputs[1]!;
    const axis = sorted.shape.length - 1;
    const size = sorted.shape[axis]!;
    const number = (n: number) => constant(n, 'i32');
    const value = b.input(1);
    let [low, high] = [number(0), number(size)];
    for (let range = size; range > 0; range >>= 1) {
      const middle = binary('shr', binary('add', low, high), number(1));
      const element = b.gather(
        0,
        [axis],
        [middle],
        (rest) => ({
          shape: values.shape,
          stride: values.shape.map((_, a) => rest.stride[a] ?? 0),
          offset: rest.offset,
        }),
        0,
      );
      const isBefore = right ? unary('not', isLess(value, element, false)) : isLess(element, value, false);
      const searches = compare('lt', low, high);
      const next = select(binary('and', searches, isBefore), binary('add', middle, number(1)), low);
      high = select(binary('and', searches, unary('not', isBefore)), middle, high);
      low = next;
    }
    return b.map(low);
  },
});

export interface SearchSortedOptions {
  /** Before (`left`, default) or after (`right`) equal elements. */
  readonly side?: 'left' | 'right';
}

/**
 * Where values would have to be inserted to keep a sorted axis sorted (int32), as `np.searchsorted`: how many elements are
 * smaller, or with `side: 'right'` not larger.
 *
 * @param sorted [n], or [..., n] with the first axes of `values` [..., m], as in PyTorch; in ascending order, NaN last.
 */
export function searchSorted(
  sorted: Tensor,
  values: Tensor,
  options?: SearchSortedOptions,
): Tensor<Shape, 'int32'>;
export function searchSorted(sorted: Tensor, values: Tensor, options: SearchSortedOptions = {}): Tensor {
  checkCall('searchSorted', arguments.length, 3, sorted);
  checkTensor('searchSorted', values);
  checkOptions('searchSorted', options, { side: 'left' });
  const { side = 'left' } = options;
  if (side !== 'left' && side !== 'right')
    throw new ValueError(`[searchSorted] got side ${describe(side)}, wanted 'left' or 'right'.`);
  const lead = sorted.node.shape.slice(0, -1);
  const fits = lead.length === 0 || show(lead) === show(values.node.shape.slice(0, -1));
  if (sorted.rank === 0 || !fits) {
    throw new ShapeError(
      `[searchSorted] got sorted ${show(sorted.shape)} and values ${show(values.shape)}, wanted one sorted axis, or as many ` +
        'rows as the values have.',
    );
  }
  const common = promote(sorted.dtype, values.dtype);
  const dtype = common === 'bool' ? 'uint8' : common;
  return apply(searchOperation, [cast(sorted, dtype), cast(values, dtype)], { right: side === 'right' });
}
