import { dtypes } from './dtype.ts';
import { binary, convert, load } from './expr.ts';
import type { Access, BufferView, Contract, Reduce } from './kernel.ts';
import type { PlanBuffer } from './plan.ts';
import { sizeOf, type View } from './view.ts';

/** A group of axes of a contraction's operand: shape and strides. */
export interface AxisGroup {
  readonly shape: readonly number[];
  readonly stride: readonly number[];
}

/** The axis groups of both operands of a `Contract`. */
export interface AxisGroups {
  readonly a: { readonly batch: AxisGroup; readonly m: AxisGroup; readonly k: AxisGroup };
  readonly b: { readonly batch: AxisGroup; readonly k: AxisGroup; readonly n: AxisGroup };
}

export function axisGroupsOf({ a, b, axes }: Contract): AxisGroups {
  const { batch, m, k, n } = axes;
  return {
    a: {
      batch: sliceGroup(a.view, 0, batch),
      m: sliceGroup(a.view, batch, m),
      k: sliceGroup(a.view, batch + m, k),
    },
    b: {
      batch: sliceGroup(b.view, 0, batch),
      k: sliceGroup(b.view, batch, k),
      n: sliceGroup(b.view, batch + k, n),
    },
  };
}

function sliceGroup(view: View, from: number, count: number): AxisGroup {
  return { shape: view.shape.slice(from, from + count), stride: view.stride.slice(from, from + count) };
}

/** The positions of a group's elements in row-major order, relative to the first element. */
export function elementPositions({ shape, stride }: AxisGroup): Int32Array {
  const table = new Int32Array(sizeOf(shape));
  if (table.length === 0) return table;
  let filled = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const count = filled;
    for (let i = 1; i < shape[axis]!; i++) {
      for (let j = 0; j < count; j++) table[filled++] = table[j]! + i * stride[axis]!;
    }
  }
  return table;
}

/**
 * The contraction as a sum of products over views [batch..., m..., n..., k...]; axes that an operand does not have get
 * stride 0. `buffers` are the plan's.
 */
export function asReduce(source: Contract, buffers: readonly PlanBuffer[]): Reduce {
  const { a, b } = axisGroupsOf(source);
  const shape = [a.batch, a.m, b.n, a.k].flatMap((group) => group.shape);
  const absent = (group: AxisGroup): AxisGroup => ({ shape: group.shape, stride: group.shape.map(() => 0) });
  const access = ({ buffer, view }: BufferView, ...groups: AxisGroup[]): Access => ({
    buffer,
    view: { shape, stride: groups.flatMap((group) => group.stride), offset: view.offset },
    gather: [],
    fill: null,
  });
  const factor = (input: number, { buffer }: BufferView) =>
    convert(load(input, dtypes[buffers[buffer]!.dtype].scalar), source.type);
  return {
    kind: 'reduce',
    reducer: 'sum',
    over: a.k.shape,
    inputs: [
      access(source.a, a.batch, a.m, absent(b.n), a.k),
      access(source.b, b.batch, absent(a.m), b.n, b.k),
    ],
    expr: binary('mul', factor(0, source.a), factor(1, source.b)),
  };
}
