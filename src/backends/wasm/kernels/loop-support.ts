import type { Contract, Kernel } from '../../../ir/kernel.ts';
import type { Loop, PlanStep } from '../../../ir/plan.ts';
import type { Code, Local } from '../assembler/code.ts';
import type { PlanCode, Task } from '../module/plan-code.ts';
import type { ScheduledLoop, ScheduledStep } from '../module/schedule.ts';
import type { RightMatrix } from './matrix-access.ts';

/** A right matrix that is packed once for all iterations of a loop. */
export interface KeptMatrix {
  /** Emits the address of the matrix of a batch. */
  origin(code: Code, plan: PlanCode, batch: Local): Local;
  readonly right: RightMatrix;
}

/** What plans with loops need. It is added with the first loop, so that programs without loops do not contain it. */
export interface LoopSupport {
  schedule(
    plan: PlanCode,
    loop: Loop,
    compile: (steps: readonly PlanStep[]) => ScheduledStep[],
  ): ScheduledLoop | Task;
  /** Kernels that read and write the first and the last elements that the kernels of a loop read and write. */
  corners(loop: Loop): Kernel[];
  /** Tasks for before the loop that pack right matrices. */
  keepMatrices(plan: PlanCode, loop: Loop): Task[];
  keptMatrix(plan: PlanCode, source: Contract): KeptMatrix | undefined;
}

export const support: { loops: LoopSupport | null } = { loops: null };
