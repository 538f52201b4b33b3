import { scatterElements } from '../../../algorithms/scatter-elements.ts';
import type { DType } from '../../../ir/dtype.ts';
import { apply } from '../../apply.ts';
import { noGradient, type Operation, operation } from '../../operation.ts';
import { axesUpTo } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { gatherAxis } from './gather-axis.ts';
import { transpose } from './views.ts';

// Elements at computed indices along one axis, each with an index of its own, and the adjoint. Indices out of range read as 0
// and are not written.

const takeOperation: Operation<{ axis: number }> = operation<{ axis: number }>({
  name: 'takeAlongAxis',
  shape: ([x, indices]) => ({ shape: indices!.shape, dtype: x!.dtype }),
  // dx = g added up at the places it was taken from
  vjp: (g, _y, [x, indices], { axis }) => [
    () => scatterAlong('sum', indices!, g, axis, x!.node.shape[axis]!),
    null,
  ],
  lower: (node, b, { axis }) => b.map(gatherAxis(b, 0, axis, b.input(1), node.shape, 0)),
});

/** The elements of x at `indices` (int32), which has the shape of x but for the axis. */
export const takeAlong = (x: Tensor, indices: Tensor, axis: number): Tensor =>
  apply(takeOperation, [x, indices], { axis });

type Reducer = 'sum' | 'max' | 'min';

const scatterOperation = operation<{ reducer: Reducer; size: number }>({
  name: 'scatterElements',
  shape: ([indices, updates], { size }) => ({
    shape: [...indices!.shape.slice(0, -1), size],
    dtype: updates!.dtype as DType,
  }),
  // dupdates = g at the places they went to; only sums are differentiated
  vjp: (g, _y, [indices], { reducer }) =>
    reducer === 'sum' ? [null, () => takeAlong(g, indices!, indices!.rank - 1)] : noGradient(),
  lower: (_node, _b, { reducer }) => ({ kind: 'algorithm', algorithm: scatterElements(reducer) }),
});

/**
 * Combines updates at `indices` (int32, of their shape) of an axis of `size`, from 0 (sum) or the smallest or largest value.
 * Each destination takes its updates in ascending order. Only `sum` has a gradient.
 */
export function scatterAlong(
  reducer: Reducer,
  indices: Tensor,
  updates: Tensor,
  axis: number,
  size: number,
): Tensor {
  const order = [...axesUpTo(indices.rank).filter((a) => a !== axis), axis];
  const last = (x: Tensor): Tensor => transpose(x, order);
  const y = apply(scatterOperation, [last(indices), last(updates)], { reducer, size });
  return transpose(
    y,
    order.map((_, a) => order.indexOf(a)),
  );
}
