import type { Access } from '../../../ir/kernel.ts';
import { coalesce, sizeOf } from '../../../ir/view.ts';
import type { Code, Local } from '../assembler/code.ts';
import type { PlanCode } from '../module/plan-code.ts';
import type { LoopNest, PointRange } from './loop-nest.ts';

/** A loop nest with adjacent axes merged: rows of points, and the axes around the rows. */
export interface RowLayout {
  readonly outer: readonly number[];
  /** Points in a row. */
  readonly length: number;
  /** Leading axes that number groups; 0 if all points together can be numbered with 32 bits. */
  readonly groupAxes: number;
  readonly groupSize: number;
  /** Strides of each input along the outer axes, then along the row: in bytes, in numbers for an input without memory. */
  readonly strides: readonly (readonly number[])[];
}

/** An address that moves through the points of a nest; a number for an input without memory. */
export interface Pointer {
  readonly strides: readonly number[];
  /** At the start of the current row, and at the current point. */
  readonly row: Local;
  readonly at: Local;
}

/** Point numbers have 32 bits. */
const POINT_LIMIT = 0x1_0000_0000;

/** The rows of a nest. `alongLastAxis`: rows consist of the last axis only and are not merged with other axes. */
export function rowLayoutOf(
  plan: PlanCode,
  { shape, inputs, groupAxes: split = 0 }: LoopNest,
  alongLastAxis: boolean,
): RowLayout {
  const strides = inputs.map((input) => input.view.stride);
  const isLarge = split > 0 && sizeOf(shape) >= POINT_LIMIT;
  const kept = alongLastAxis ? shape.length - 1 : shape.length;
  const merged = coalesce(
    shape.slice(0, kept),
    strides.map((s) => s.slice(0, kept)),
    isLarge ? [split, kept - split] : undefined,
  );
  const groupAxes = isLarge ? merged.groups[0]! : 0;
  const hasInner = merged.shape.length > groupAxes;
  const length = alongLastAxis ? shape[kept]! : hasInner ? merged.shape.pop()! : 1;
  return {
    outer: merged.shape,
    length,
    groupAxes,
    groupSize: sizeOf(shape.slice(split)),
    strides: inputs.map((input, k) => {
      const own = merged.strides[k]!;
      const list = alongLastAxis ? [...own, strides[k]![kept]!] : hasInner ? own : [...own, 0];
      return list.map((s) => s * unitOf(plan, input));
    }),
  };
}

/** Bytes of an element; 1 for an input without memory. */
export const unitOf = (plan: PlanCode, { buffer }: Access): number =>
  buffer === null ? 1 : plan.bytesOf(buffer);

/**
 * Emits a loop over the rows that contain a range's points. `emitRow` gets the number of points of the range in the
 * current row; the pointers are at the first of them.
 */
export function emitRowLoop(
  code: Code,
  { outer, length, groupAxes, groupSize }: RowLayout,
  range: PointRange,
  pointers: readonly Pointer[],
  emitRow: (count: Local) => void,
): void {
  const movingAlong = (axis: number) => pointers.filter(({ strides }) => strides[axis] !== 0);

  // The indices of the first point.
  let rest = range.start;
  if (range.group !== undefined && groupAxes === 0)
    rest = code.op('i32.add', rest, code.op('i32.mul', range.group, groupSize));
  const column = outer.length === 0 ? rest : code.op('i32.rem_u', rest, length);
  if (outer.length > 0) rest = code.op('i32.div_u', rest, length);
  const index = outer.map(() => code.local('i32'));
  for (let axis = outer.length - 1; axis >= 0; axis--) {
    if (axis === groupAxes - 1) rest = range.group!;
    const isFirst = axis === 0 || axis === groupAxes;
    const i = index[axis]!;
    code.set(i, isFirst ? rest : code.op('i32.rem_u', rest, outer[axis]!));
    for (const { row, strides } of movingAlong(axis))
      code.update(row, 'i32.add', row, code.op('i32.mul', i, strides[axis]!));
    if (!isFirst) rest = code.op('i32.div_u', rest, outer[axis]!);
  }
  for (const { at, row, strides } of pointers)
    code.set(at, code.op('i32.add', row, code.op('i32.mul', column, strides[outer.length]!)));

  const emitNextRow = (axis: number): void => {
    if (axis < 0) return;
    const i = index[axis]!;
    for (const { row, strides } of movingAlong(axis)) code.update(row, 'i32.add', row, strides[axis]!);
    if (axis === 0) return;
    code.update(i, 'i32.add', i, 1);
    code.if(code.op('i32.eq', i, outer[axis]!), () => {
      code.set(i, 0);
      for (const { row, strides } of movingAlong(axis))
        code.update(row, 'i32.sub', row, Math.imul(strides[axis]!, outer[axis]!));
      emitNextRow(axis - 1);
    });
  };

  const left = code.copy(range.count);
  const leftInRow = code.op('i32.sub', length, column);
  code.if(left, () =>
    code.loop(() => {
      const count = code.smaller(left, leftInRow);
      emitRow(count);
      code.update(left, 'i32.sub', left, count);
      code.set(leftInRow, length);
      emitNextRow(outer.length - 1);
      for (const { at, row } of pointers) code.set(at, row);
      return left;
    }),
  );
}
