import type { DType } from '../../../ir/dtype.ts';
import type { Expr } from '../../../ir/expr.ts';
import type { Access } from '../../../ir/kernel.ts';
import type { Code } from '../assembler/code.ts';
import type { PlanCode } from '../module/plan-code.ts';
import { type Pointer, type RowOrder, unitOf } from './rows.ts';

/** How an input is read along a row. */
export interface Stream extends Pointer {
  readonly access: Access;
  /** Null where there is no memory. */
  readonly dtype: DType | null;
  /** Bytes of an element, and from one point to the next; numbers, where there is no memory. */
  readonly unit: number;
  readonly step: number;
}

export function makeStreams(
  code: Code,
  plan: PlanCode,
  inputs: readonly Access[],
  { strides, outer }: RowOrder,
): Stream[] {
  return inputs.map((access, k) => {
    const { buffer, view } = access;
    const start = buffer === null ? plan.offset(code, view.offset) : plan.address(code, { buffer, view });
    return {
      access,
      dtype: buffer === null ? null : plan.plan.buffers[buffer]!.dtype,
      unit: unitOf(plan, access),
      step: strides[k]![outer.length]!,
      strides: strides[k]!,
      row: code.copy(start),
      at: code.local('i32'),
    };
  });
}

/** How a value goes along a row: it stays the same, counts up by one, or goes anyhow. */
export const SAME = 0;
export const UP = 1;
export const ANYHOW = 2;

/** How each of the expressions goes along a row. */
export function alongRow(order: readonly Expr[], streams: readonly Stream[]): Map<Expr, number> {
  const along = new Map<Expr, number>();
  for (const e of order) {
    const args = e.args.map((a) => along.get(a)!);
    const stream = e.op === 'load' ? streams[e.value]! : null;
    let here = args.every((a) => a === SAME) ? SAME : ANYHOW;
    if ((e.op === 'add' || e.op === 'sub') && args[0] === UP && args[1] === SAME) here = UP;
    if (e.op === 'acc' || (stream !== null && stream.step !== 0))
      here = stream?.dtype === null && stream.step === 1 ? UP : ANYHOW;
    along.set(e, here);
  }
  return along;
}
