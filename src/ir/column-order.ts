import type { Access } from './kernel.ts';
import { coalesce, sizeOf } from './view.ts';

/** For narrower rows the overhead of a row is too high, in an interpreter and in generated code. */
const MIN_WIDTH = 32;
const MIN_WIDTH_COMPILED = 8;
/** Generated code takes so many rows that adjoin as few, whatever their width is. */
const MANY = 64;
/** Up to this many reduced elements, looping over adjacent points innermost causes no extra cache misses. */
const SHORT = 16;
/** The same if they are adjacent in memory. */
const SHORT_ROW = 2;

/** A reduction's loop nest with adjacent points innermost. */
export interface ColumnOrder {
  /** The number of adjacent points over which every input has a constant stride. */
  readonly width: number;
  /** The number of axes before the reduced ones. */
  readonly outer: number;
  /** The inputs over [outer points..., over..., width]. */
  readonly inputs: Access[];
}

/**
 * The loop nest [outer points..., over..., width] of a reduction, or null if [points..., over...] is better. It is better
 * for reductions over the first axes, where adjacent points are adjacent in memory, and for short reductions.
 *
 * @param compiled whether code is generated for it.
 */
export function columnOrder(
  shape: readonly number[],
  over: readonly number[],
  inputs: readonly Access[],
  compiled: boolean,
): ColumnOrder | null {
  if (inputs.length === 0) return null;
  const merged = coalesce(
    [...shape, ...over],
    inputs.map((input) => input.view.stride),
    [shape.length, over.length],
  );
  const pointAxes = merged.groups[0]!;
  const rank = merged.shape.length;
  if (pointAxes === 0 || pointAxes === rank) return null;
  const width = merged.shape[pointAxes - 1]!;
  const cost = (axis: number) => merged.strides.reduce((sum, s) => sum + Math.min(16, Math.abs(s[axis]!)), 0);
  const oneAxis = rank === pointAxes + 1;
  const adjoin =
    sizeOf(over) >= MANY &&
    oneAxis &&
    merged.strides.every((s) => s[pointAxes] === width * s[pointAxes - 1]!);
  const isWide = compiled ? width >= MIN_WIDTH_COMPILED || adjoin : width >= MIN_WIDTH;
  if (!isWide || sizeOf(over) === 0) return null;
  const isRow = oneAxis && merged.strides.every((s) => s[pointAxes] === 0 || s[pointAxes] === 1);
  if (sizeOf(over) > (isRow ? SHORT_ROW : SHORT) && cost(pointAxes - 1) >= cost(rank - 1)) return null;
  const axes = merged.shape.map((_, axis) => axis);
  const order = [...axes.slice(0, pointAxes - 1), ...axes.slice(pointAxes), pointAxes - 1];
  return {
    width,
    outer: pointAxes - 1,
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
