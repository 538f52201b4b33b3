import { checkArray, checkCount, readOptions } from '../../../ir/arguments.ts';
import type { DType } from '../../../ir/dtype.ts';
import { ShapeError, ValueError } from '../../../ir/errors.ts';
import { binary, constant } from '../../../ir/expr.ts';
import { apply, checkCall, checkTensor, unchanged } from '../../apply.ts';
import { tensor } from '../../creation.ts';
import { operation } from '../../operation.ts';
import { checkSize, normalizeAxis, type Shape, show } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { gatherAxis } from './gather-axis.ts';
import { take } from './indexing.ts';
import { broadcastTo, flatten, reshape } from './views.ts';

// Tensors that repeat or rotate elements of others.

const isCount = (n: unknown): boolean => Number.isInteger(n) && (n as number) >= 0;

/** The tensor as many times along each axis as `repeats` says, as `np.tile`; a single number is for the last axis. */
export function tile<D extends DType>(x: Tensor<Shape, D>, repeats: number | Shape): Tensor<Shape, D> {
  checkCall('tile', arguments.length, 2, x);
  const given = typeof repeats === 'number' ? [repeats] : repeats;
  checkArray('tile', 'repeats', given, '[2, 3]');
  if (!given.every(isCount))
    throw new ShapeError(`[tile] got repeats ${show(given)}, wanted whole numbers from 0 up.`);
  const rank = Math.max(given.length, x.rank);
  const counts = [...new Array<number>(rank - given.length).fill(1), ...given];
  const sizes = [...new Array<number>(rank - x.rank).fill(1), ...x.node.shape];
  const shape = sizes.map((size, i) => size * counts[i]!);
  checkSize('tile', shape);
  const apart = reshape(
    x,
    sizes.flatMap((size) => [1, size]),
  );
  const repeated = broadcastTo(
    apart,
    sizes.flatMap((size, i) => [counts[i]!, size]),
  );
  return reshape(repeated, shape);
}

/**
 * Each element along an axis as many times as `repeats` says, one after the other, as `np.repeat` and
 * `torch.repeat_interleave`: one number for all of them, or a list with one for each. Without an axis x is flattened first.
 */
export function repeat<D extends DType>(
  x: Tensor<Shape, D>,
  repeats: number | Shape,
  axis?: number,
): Tensor<Shape, D> {
  checkCall('repeat', arguments.length, 3, x);
  const source = axis === undefined ? flatten(x) : x;
  const a = normalizeAxis('repeat', axis === undefined ? 0 : axis, source.rank);
  const { shape } = source.node;
  const size = shape[a]!;
  if (typeof repeats !== 'number') checkArray('repeat', 'repeats', repeats, '[2, 3], or a number');
  const given = typeof repeats === 'number' ? [repeats] : repeats;
  if (!given.every(isCount) || (typeof repeats !== 'number' && repeats.length !== size)) {
    throw new ShapeError(
      `[repeat] got repeats ${show(given)} for axis ${a} of ${show(shape)}, wanted a whole number from 0 up, or ${size} of them.`,
    );
  }
  const [before, after] = [shape.slice(0, a), shape.slice(a + 1)];
  const count = typeof repeats === 'number' ? size * repeats : repeats.reduce((sum, n) => sum + n, 0);
  checkSize('repeat', [...before, count, ...after]);
  if (typeof repeats !== 'number') {
    const indices = repeats.flatMap((n, i) => new Array<number>(n).fill(i));
    return take(source, tensor(indices, { dtype: 'int32' }), a);
  }
  const repeated = broadcastTo(reshape(source, [...before, size, 1, ...after]), [
    ...before,
    size,
    repeats,
    ...after,
  ]);
  return reshape(repeated, [...before, count, ...after]);
}

const rollOperation = operation<{ axis: number }>({
  name: 'roll',
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  // dx = g rolled back
  vjp: (g, y, _inputs, { axis }) => [() => rolled(g, -y.node.values[0]!, axis)],
  lower: (node, b, { axis }) => {
    const size = constant(node.shape[axis]!, 'i32');
    const index = binary('mod', binary('sub', b.index(axis), b.value(0, 'i32')), size);
    return b.map(gatherAxis(b, 0, axis, index, node.shape));
  },
});

function rolled(x: Tensor, shift: number, axis: number): Tensor {
  // The shift is a value of the plan: another one finds the same plan.
  const size = x.node.shape[axis]!;
  return size === 0 ? x : apply(rollOperation, [x], { axis }, [shift % size]);
}

/**
 * The elements moved by `shift` places along an axis, those that leave at one end coming in at the other, as `np.roll`. With
 * lists of shifts and axes along several axes; without an axis x is rolled as if flattened. Negative shifts go backwards.
 */
export function roll<S extends Shape, D extends DType>(
  x: Tensor<S, D>,
  shift: number | readonly number[],
  axis?: number | readonly number[],
): Tensor<S, D>;
export function roll(
  x: Tensor,
  shift: number | readonly number[],
  axis?: number | readonly number[],
): Tensor {
  checkCall('roll', arguments.length, 3, x);
  const shifts = typeof shift === 'number' ? [shift] : shift;
  checkArray('roll', 'shift', shifts, '[1, -2], or a number');
  if (!shifts.every(Number.isInteger))
    throw new ValueError(`[roll] got shift ${show(shifts)}, wanted whole numbers.`);
  if (axis === undefined) {
    if (shifts.length !== 1)
      throw new ValueError(`[roll] got ${shifts.length} shifts and no axes, wanted one axis for each shift.`);
    return reshape(rolled(flatten(x), shifts[0]!, 0), x.node.shape);
  }
  const axes = typeof axis === 'number' ? [axis] : axis;
  checkArray('roll', 'axis', axes, '[0, 1], or a number');
  if (axes.length !== shifts.length) {
    throw new ValueError(
      `[roll] got ${shifts.length} shifts and ${axes.length} axes, wanted one axis for each shift.`,
    );
  }
  return axes.reduce<Tensor>(
    (t, a, i) => rolled(t, shifts[i]!, normalizeAxis('roll', a, x.rank)),
    unchanged(x),
  );
}

export interface MeshgridOptions {
  /**
   * 'xy' (default, as NumPy): the first tensor runs along axis 1, the second along axis 0; 'ij' (PyTorch's): each runs along
   * the axis of its number.
   */
  readonly indexing?: 'xy' | 'ij';
}

/** The coordinates of a grid, as `np.meshgrid`: one tensor for each of the given ones (of rank 0 or 1), all of one shape. */
export function meshgrid<D extends DType>(
  tensors: readonly Tensor<Shape, D>[],
  options?: MeshgridOptions,
): Tensor<Shape, D>[] {
  checkCount('meshgrid', arguments.length, 2);
  checkArray('meshgrid', 'tensors', tensors, '[x, y]');
  const { indexing } = readOptions('meshgrid', options, { indexing: 'xy' });
  if (indexing !== 'xy' && indexing !== 'ij')
    throw new ValueError(`[meshgrid] got indexing '${String(indexing)}', wanted 'xy' or 'ij'.`);
  for (const t of tensors) {
    checkTensor('meshgrid', t);
    if (t.rank > 1) {
      throw new ShapeError(
        `[meshgrid] got a tensor of shape ${show(t.shape)}, wanted rank 0 or 1. Flatten it first.`,
      );
    }
  }
  const axisOf = (i: number): number => (indexing === 'xy' && i < 2 && tensors.length > 1 ? 1 - i : i);
  const shape: number[] = [];
  tensors.forEach((t, i) => {
    shape[axisOf(i)] = t.size;
  });
  return tensors.map((t, i) =>
    broadcastTo(
      reshape(
        t,
        shape.map((_, axis) => (axis === axisOf(i) ? t.size : 1)),
      ),
      shape,
    ),
  );
}
