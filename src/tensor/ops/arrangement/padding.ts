import type { DType } from '../../../ir/dtype.ts';
import { ShapeError, ValueError } from '../../../ir/errors.ts';
import { checkCall, unchanged } from '../../apply.ts';
import { checkSize, type Shape, show } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { clip } from '../elementwise/logic.ts';
import { iota } from '../source/iota.ts';
import { take } from './indexing.ts';
import { checkWidths, constantPad } from './join.ts';

/**
 * What `pad` repeats of the tensor, with the names of NumPy. Of [1, 2, 3], with three elements on either side: 'reflect' gives
 * 2 3 2 [1 2 3] 2 1 2, 'symmetric' 3 2 1 [1 2 3] 3 2 1, 'edge' (PyTorch's 'replicate') 1 1 1 [1 2 3] 3 3 3.
 */
export type PadMode = 'reflect' | 'symmetric' | 'edge';

const modes: readonly unknown[] = ['reflect', 'symmetric', 'edge'];

/**
 * More elements in front of and behind each axis, as many as `widths` says: `[[before, after], ...]`, one pair for each axis.
 *
 * @param value what they are: a number, 0 by default, or how they repeat the tensor.
 */
export function pad<D extends DType>(
  x: Tensor<Shape, D>,
  widths: readonly (readonly [before: number, after: number])[],
  value: PadMode,
): Tensor<Shape, D>;
export function pad(
  x: Tensor,
  widths: readonly (readonly [before: number, after: number])[],
  value?: number | PadMode,
): Tensor;
export function pad(
  x: Tensor,
  widths: readonly (readonly [before: number, after: number])[],
  value: number | PadMode = 0,
): Tensor {
  checkCall('pad', arguments.length, 3, x);
  if (typeof value === 'number') return constantPad(x, widths, value);
  if (!modes.includes(value)) {
    throw new ValueError(
      `[pad] got value ${String(value)}, wanted a number, 'reflect', 'symmetric' or 'edge'.`,
    );
  }
  checkWidths(x, widths);
  checkSize(
    'pad',
    x.node.shape.map((size, axis) => size + widths[axis]![0] + widths[axis]![1]),
  );
  return widths.reduce<Tensor>((t, [before, after], axis) => {
    if (before === 0 && after === 0) return t;
    const size = x.node.shape[axis]!;
    if (size === 0) {
      throw new ShapeError(
        `[pad] got mode '${value}' for ${show(x.shape)}: axis ${axis} is empty, so there is nothing to repeat.`,
      );
    }
    return take(t, placesIn(value, size, before, after), axis);
  }, unchanged(x));
}

/** Where the elements of the padded axis come from. */
function placesIn(mode: PadMode, size: number, before: number, after: number): Tensor {
  const distance: Tensor = iota(before + size + after).sub(before);
  if (mode === 'edge') return clip(distance, 0, size - 1);
  // There and back again.
  const last = mode === 'reflect' ? 2 * size - 2 : 2 * size - 1;
  const period = mode === 'reflect' ? Math.max(last, 1) : 2 * size;
  const place = distance.mod(period);
  return place.minimum(place.neg().add(last));
}
