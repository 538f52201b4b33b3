import type { Contract, Kernel } from '../../../ir/kernel.ts';
import type { Loop, PlanStep } from '../../../ir/plan.ts';
import type { Code, Local } from '../assembler/code.ts';
import type { PlanCode } from '../module/plan-code.ts';
import type { ScheduledStep } from '../module/schedule.ts';
import type { RightMatrix } from './matrix-access.ts';

/** A right matrix that is packed once for all iterations of a loop. */
export interface KeptMatrix {
  /** Emits the address of the matrix of a batch. */
  origin(code: Code, plan: PlanCode, batch: Local): Local;
  readonly right: RightMatrix;
}

/** What plans with loops need. It is added with the first loop, so that programs without loops do not contain it. */
export interface LoopSupport {
  /** Compiles a loop, with the tasks before it. `add` adds to the number of the plan's tasks so far and returns it. */
  compile(
    plan: PlanCode,
    loop: Loop,
    compileSteps: (steps: readonly PlanStep[]) => ScheduledStep[],
    add: (tasks: number) => number,
  ): ScheduledStep[];
  /** Kernels that read and write the first and the last elements that the kernels of a loop read and write. */
  corners(loop: Loop): Kernel[];
  /** The packed right matrix of a contraction; undefined if it is packed where it is used. */
  keptMatrix(plan: PlanCode, source: Contract): KeptMatrix | undefined;
}

export const support: { loops: LoopSupport | null } = { loops: null };
