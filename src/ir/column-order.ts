import type { Access } from './kernel.ts';
import { coalesce, sizeOf } from './view.ts';

/** Narrower than this, a row's overhead is too much. */
const MIN_WIDTH = 32;
/** Up to this many elements, going through them along the points costs no cache misses. */
const SHORT = 16;

/** A reduction's loop nest with neighbouring points innermost. */
export interface ColumnOrder {
  /** Neighbouring points that all inputs run through in even steps. */
  readonly width: number;
  /** The number of axes before the reduced ones. */
  readonly outer: number;
  /** The inputs over [outer points..., over..., width]. */
  readonly inputs: Access[];
}

/**
 * The loop nest [outer points..., over..., width] of a reduction, if it is better than [points..., over...]:
 * for reductions over the first axes, where memory runs along the points, and for short ones.
 */
export function columnOrder(
  shape: readonly number[],
  over: readonly number[],
  inputs: readonly Access[],
): ColumnOrder | null {
  if (inputs.length === 0) return null;
  const merged = coalesce(
    [...shape, ...over],
    inputs.map((input) => input.view.stride),
    [shape.length, over.length],
  );
  const points = merged.groups[0]!;
  const rank = merged.shape.length;
  if (points === 0 || points === rank) return null;
  const width = merged.shape[points - 1]!;
  const cost = (axis: number) => merged.strides.reduce((sum, s) => sum + Math.min(16, Math.abs(s[axis]!)), 0);
  if (width < MIN_WIDTH || sizeOf(over) === 0) return null;
  if (sizeOf(over) > SHORT && cost(points - 1) >= cost(rank - 1)) return null;
  const axes = merged.shape.map((_, axis) => axis);
  const order = [...axes.slice(0, points - 1), ...axes.slice(points), points - 1];
  return {
    width,
    outer: points - 1,
    inputs: inputs.map((input, k) => ({
      ...input,
      view: {
        shape: order.map((axis) => merged.shape[axis]!),
        stride: order.map((axis) => merged.strides[k]![axis]!),
        offset: input.view.offset,
      },
    })),
  };
}
