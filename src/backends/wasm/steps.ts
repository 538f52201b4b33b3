import { type Group, positions } from '../../ir/contract.ts';
import { type DType, dtypes } from '../../ir/dtype.ts';
import type { Operand as Matrices } from '../../ir/kernel.ts';
import { coalesce } from '../../ir/view.ts';
import type { Code, Local, Operand } from './assembler/code.ts';
import type { PlanCode } from './plan-code.ts';

/** Where a group's elements lie, in bytes: evenly `stride` apart, or as the table at a word says. */
export type Steps = { readonly stride: number } | { readonly table: number };

export function stepsOf(plan: PlanCode, group: Group, bytes: number): Steps {
  const { strides } = coalesce(group.shape, [group.stride]);
  // A single element may have any stride.
  const [stride = 1, ...outer] = strides[0]!;
  if (outer.length === 0) return { stride: stride * bytes };
  return { table: plan.table(positions(group).map((position) => position * bytes)) };
}

/** The byte offset of element number `index`. */
export function emitOffset(code: Code, plan: PlanCode, steps: Steps, index: Operand): Local {
  if ('stride' in steps) return code.op('i32.mul', index, steps.stride);
  return code.load('i32.load', [emitEntry(code, plan, steps.table, index)]);
}

/** The address of entry number `index` of a table. */
export const emitEntry = (code: Code, plan: PlanCode, table: number, index: Operand): Local =>
  code.op('i32.add', plan.word(code, table), code.op('i32.shl', index, 2));

/** An operand as lines that run along k: rows of the left one or columns of the right one. */
export interface Lines {
  readonly dtype: DType;
  readonly lines: Steps;
  readonly depths: Steps;
}

export function linesOf(plan: PlanCode, { buffer }: Matrices, lines: Group, depths: Group): Lines {
  const { dtype } = plan.plan.buffers[buffer]!;
  const { bytes } = dtypes[dtype];
  return { dtype, lines: stepsOf(plan, lines, bytes), depths: stepsOf(plan, depths, bytes) };
}
