import { dtypes } from '../../../ir/dtype.ts';
import { load } from '../../../ir/expr.ts';
import type { BufferView } from '../../../ir/kernel.ts';
import { sizeOf } from '../../../ir/view.ts';
import type { Callable } from '../assembler/code.ts';
import { compileMaterialize } from '../kernels/materialize.ts';
import type { PlanCode } from '../module/plan-code.ts';

/** Sizes of a shape's parts before, along and after an axis. */
export interface Extents {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

export const extentsOf = (shape: readonly number[], axis: number): Extents => ({
  outer: sizeOf(shape.slice(0, axis)),
  length: shape[axis]!,
  inner: sizeOf(shape.slice(axis + 1)),
});

/**
 * A function `(group, start, count, to, scratch)` that copies elements of an operand to `to`, 4 bytes each. The axes before
 * `axis` number the groups.
 */
export function compileRead({ buffer, view }: BufferView, axis: number, plan: PlanCode): Callable {
  const type = dtypes[plan.plan.buffers[buffer]!.dtype].scalar;
  const inputs = [{ buffer, view, gather: [], fill: null }];
  return compileMaterialize({ shape: view.shape, inputs, roots: [load(0, type)], groupAxes: axis }, plan);
}
