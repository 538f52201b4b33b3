import type { DType } from '../../../ir/dtype.ts';
import type { Access } from '../../../ir/kernel.ts';
import type { Code } from '../assembler/code.ts';
import type { PlanCode } from '../module/plan-code.ts';
import { type Pointer, type RowLayout, unitOf } from './row-loop.ts';

/** The pointer of an input that moves along the rows. */
export interface InputPointer extends Pointer {
  readonly access: Access;
  /** Null for an input without memory. */
  readonly dtype: DType | null;
  /** Bytes of an element; 1 for an input without memory. */
  readonly unit: number;
  /** Distance from one point to the next, in bytes; in numbers for an input without memory. */
  readonly step: number;
}

export function makeInputPointers(
  code: Code,
  plan: PlanCode,
  inputs: readonly Access[],
  { strides, outer }: RowLayout,
): InputPointer[] {
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
