import { type Group, positions } from '../../../ir/contract-axes.ts';
import { type DType, dtypes } from '../../../ir/dtype.ts';
import type { BufferView as Matrices } from '../../../ir/kernel.ts';
import { coalesce } from '../../../ir/view.ts';
import type { Code, Local, Operand } from '../assembler/code.ts';
import type { PlanCode } from '../module/plan-code.ts';

/**
 * Where a group's elements lie, in bytes: in runs of `run` elements, `stride` apart. Where there are several
 * runs a table holds where each begins; its word is `starts`.
 */
export interface Steps {
  readonly stride: number;
  readonly run: number;
  readonly starts: number | null;
}

export function stepsOf(plan: PlanCode, group: Group, bytes: number): Steps {
  const { shape, strides } = coalesce(group.shape, [group.stride]);
  const [list] = strides as [number[]];
  // A single element may have any stride.
  const [run = 1, stride = 1] = [shape.at(-1), list.at(-1)];
  const outer = { shape: shape.slice(0, -1), stride: list.slice(0, -1) };
  const starts = shape.length <= 1 ? null : plan.table(positions(outer).map((start) => start * bytes));
  return { stride: stride * bytes, run, starts };
}

/** Do the elements lie in one run, or in several whose length is a multiple of `count`? */
export const inRunsOf = (count: number, { run, starts }: Steps): boolean =>
  starts === null || run % count === 0;

/** The byte offset of element number `index`. */
export function emitOffset(
  code: Code,
  plan: PlanCode,
  { stride, run, starts }: Steps,
  index: Operand,
): Local {
  if (starts === null) return code.op('i32.mul', index, stride);
  const number = code.op('i32.div_u', index, run);
  const start = code.load('i32.load', [emitEntry(code, plan, starts, number)]);
  if (run === 1) return start;
  const within = code.op('i32.sub', index, code.op('i32.mul', number, run));
  return code.op('i32.add', start, code.op('i32.mul', within, stride));
}

/** The address of entry number `index` of a table. */
const emitEntry = (code: Code, plan: PlanCode, table: number, index: Operand): Local =>
  code.op('i32.add', plan.word(code, table), code.op('i32.shl', index, 2));

/** Emits what is to be done with each run of the elements `first` to `first + count` - 1, count > 0. */
export function emitRuns(
  code: Code,
  plan: PlanCode,
  steps: Steps,
  first: Operand,
  count: Local,
  body: (offset: Local, count: Local) => void,
): void {
  const { stride, run, starts } = steps;
  if (starts === null) {
    body(code.op('i32.mul', first, stride), count);
    return;
  }
  const number = code.op('i32.div_u', first, run);
  const within = code.op('i32.sub', first, code.op('i32.mul', number, run));
  const entry = emitEntry(code, plan, starts, number);
  const left = code.copy(count);
  code.loop(() => {
    const here = code.smaller(code.op('i32.sub', run, within), left);
    body(code.op('i32.add', code.load('i32.load', [entry]), code.op('i32.mul', within, stride)), here);
    code.set(within, 0);
    code.update(entry, 'i32.add', entry, 4);
    code.update(left, 'i32.sub', left, here);
    return left;
  });
}

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
