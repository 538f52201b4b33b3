import { type AxisGroup, elementPositions } from '../../../ir/contract-axes.ts';
import { type DType, dtypes } from '../../../ir/dtype.ts';
import type { BufferView } from '../../../ir/kernel.ts';
import { coalesce } from '../../../ir/view.ts';
import type { Code, Local, Operand } from '../assembler/code.ts';
import type { PlanCode } from '../module/plan-code.ts';

/**
 * The positions of an axis group's elements, in bytes: runs of `runLength` elements that are `stride` apart. `starts` is
 * the frame word of a table with the offset of each run, or null if there is a single run from offset 0.
 */
export interface StridedRuns {
  readonly stride: number;
  readonly runLength: number;
  readonly starts: number | null;
}

export function stridedRunsOf(plan: PlanCode, group: AxisGroup, bytes: number): StridedRuns {
  const { shape, strides } = coalesce(group.shape, [group.stride]);
  const [list] = strides as [number[]];
  // The stride of a single element does not matter.
  const [runLength = 1, stride = 1] = [shape.at(-1), list.at(-1)];
  const outer = { shape: shape.slice(0, -1), stride: list.slice(0, -1) };
  const starts = shape.length <= 1 ? null : plan.table(elementPositions(outer).map((start) => start * bytes));
  return { stride: stride * bytes, runLength, starts };
}

/** Is there a single run, or is the length of the runs a multiple of `count`? */
export const runsAreMultipleOf = (count: number, { runLength, starts }: StridedRuns): boolean =>
  starts === null || runLength % count === 0;

/** The byte offset of element number `index`. */
export function emitElementOffset(
  code: Code,
  plan: PlanCode,
  { stride, runLength, starts }: StridedRuns,
  index: Operand,
): Local {
  if (starts === null) return code.op('i32.mul', index, stride);
  const number = code.op('i32.div_u', index, runLength);
  const start = code.load('i32.load', [emitEntry(code, plan, starts, number)]);
  if (runLength === 1) return start;
  const within = code.op('i32.sub', index, code.op('i32.mul', number, runLength));
  return code.op('i32.add', start, code.op('i32.mul', within, stride));
}

/** The address of entry number `index` of a table. */
const emitEntry = (code: Code, plan: PlanCode, table: number, index: Operand): Local =>
  code.op('i32.add', plan.word(code, table), code.op('i32.shl', index, 2));

/** Emits a loop over the runs of elements `first` to `first + count - 1`, count > 0; `body` gets offset and length. */
export function emitRunLoop(
  code: Code,
  plan: PlanCode,
  runs: StridedRuns,
  first: Operand,
  count: Local,
  body: (offset: Local, count: Local) => void,
): void {
  const { stride, runLength, starts } = runs;
  if (starts === null) {
    body(code.op('i32.mul', first, stride), count);
    return;
  }
  const number = code.op('i32.div_u', first, runLength);
  const within = code.op('i32.sub', first, code.op('i32.mul', number, runLength));
  const entry = emitEntry(code, plan, starts, number);
  const left = code.copy(count);
  code.loop(() => {
    const runCount = code.smaller(code.op('i32.sub', runLength, within), left);
    body(code.op('i32.add', code.load('i32.load', [entry]), code.op('i32.mul', within, stride)), runCount);
    code.set(within, 0);
    code.update(entry, 'i32.add', entry, 4);
    code.update(left, 'i32.sub', left, runCount);
    return left;
  });
}

/** A matrix as lines along k: rows of the left matrix or columns of the right one. */
export interface MatrixLayout {
  readonly dtype: DType;
  readonly lines: StridedRuns;
  readonly alongK: StridedRuns;
}

export function matrixLayoutOf(
  plan: PlanCode,
  { buffer }: BufferView,
  lines: AxisGroup,
  k: AxisGroup,
): MatrixLayout {
  const { dtype } = plan.plan.buffers[buffer]!;
  const { bytes } = dtypes[dtype];
  return { dtype, lines: stridedRunsOf(plan, lines, bytes), alongK: stridedRunsOf(plan, k, bytes) };
}
