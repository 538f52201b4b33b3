import type { Access } from '../../../ir/kernel.ts';
import { coalesce, sizeOf } from '../../../ir/view.ts';
import type { Code, Local } from '../assembler/code.ts';
import type { PlanCode } from '../module/plan-code.ts';
import type { Nest, Range } from './nest.ts';

/** A loop nest with as few axes as possible: rows of points, and the axes around them. */
export interface RowOrder {
  readonly outer: readonly number[];
  /** Points of a row. */
  readonly length: number;
  /** Axes that count groups, where the points are too many to be counted together. */
  readonly groupAxes: number;
  readonly groupSize: number;
  /** Of each input, in bytes (numbers, where there is no memory); the last one goes along the row. */
  readonly strides: readonly (readonly number[])[];
}

/** An address (a number, where there is no memory) that moves through the points of a nest. */
export interface Pointer {
  readonly strides: readonly number[];
  /** At the beginning of the row, and at the present point. */
  readonly row: Local;
  readonly at: Local;
}

/** Numbers of points have 32 bits. */
const MOST_POINTS = 0x1_0000_0000;

/** The rows of a nest; with `inRows` they run along its last axis and no other. */
export function rowOrder(plan: PlanCode, { shape, inputs, split = 0 }: Nest, inRows: boolean): RowOrder {
  const strides = inputs.map((input) => input.view.stride);
  const isLarge = split > 0 && sizeOf(shape) >= MOST_POINTS;
  const kept = inRows ? shape.length - 1 : shape.length;
  const merged = coalesce(
    shape.slice(0, kept),
    strides.map((s) => s.slice(0, kept)),
    isLarge ? [split, kept - split] : undefined,
  );
  const groupAxes = isLarge ? merged.groups[0]! : 0;
  const hasInner = merged.shape.length > groupAxes;
  const length = inRows ? shape[kept]! : hasInner ? merged.shape.pop()! : 1;
  return {
    outer: merged.shape,
    length,
    groupAxes,
    groupSize: sizeOf(shape.slice(split)),
    strides: inputs.map((input, k) => {
      const own = merged.strides[k]!;
      const list = inRows ? [...own, strides[k]![kept]!] : hasInner ? own : [...own, 0];
      // Of an axis without elements nothing is read but what lies where it begins.
      const isEmpty = input.gather.some(({ size }) => size === 0);
      return list.map((s) => (isEmpty ? 0 : s * unitOf(plan, input)));
    }),
  };
}

/** Bytes of an element, or 1 where the input is a number and not memory. */
export const unitOf = (plan: PlanCode, { buffer }: Access): number =>
  buffer === null ? 1 : plan.bytesOf(buffer);

/**
 * Emits a loop over the rows that hold a range's points. `emitRow` gets the number of points that are wanted
 * of a row; the pointers are at the first of them.
 */
export function emitRows(
  code: Code,
  { outer, length, groupAxes, groupSize }: RowOrder,
  range: Range,
  pointers: readonly Pointer[],
  emitRow: (count: Local) => void,
): void {
  const along = (axis: number) => pointers.filter(({ strides }) => strides[axis] !== 0);

  // Where the first point lies.
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
    for (const { row, strides } of along(axis))
      code.update(row, 'i32.add', row, code.op('i32.mul', i, strides[axis]!));
    if (!isFirst) rest = code.op('i32.div_u', rest, outer[axis]!);
  }
  for (const { at, row, strides } of pointers)
    code.set(at, code.op('i32.add', row, code.op('i32.mul', column, strides[outer.length]!)));

  const emitNextRow = (axis: number): void => {
    if (axis < 0) return;
    const i = index[axis]!;
    for (const { row, strides } of along(axis)) code.update(row, 'i32.add', row, strides[axis]!);
    if (axis === 0) return;
    code.update(i, 'i32.add', i, 1);
    code.if(code.op('i32.eq', i, outer[axis]!), () => {
      code.set(i, 0);
      for (const { row, strides } of along(axis))
        code.update(row, 'i32.sub', row, Math.imul(strides[axis]!, outer[axis]!));
      emitNextRow(axis - 1);
    });
  };

  const left = code.copy(range.count);
  const room = code.op('i32.sub', length, column);
  code.if(left, () =>
    code.loop(() => {
      const count = code.smaller(left, room);
      emitRow(count);
      code.update(left, 'i32.sub', left, count);
      code.set(room, length);
      emitNextRow(outer.length - 1);
      for (const { at, row } of pointers) code.set(at, row);
      return left;
    }),
  );
}
