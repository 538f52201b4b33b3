import type { Kernel } from '../../../ir/kernel.ts';
import type { Loop, PlanStep } from '../../../ir/plan.ts';
import type { PlanCode } from './plan-code.ts';
import type { ScheduledLoop, ScheduledStep } from './schedule.ts';

/** What plans with loops need. It is added with the first loop, so that programs without loops do not contain it. */
export interface LoopSupport {
  schedule(
    plan: PlanCode,
    loop: Loop,
    compile: (steps: readonly PlanStep[]) => ScheduledStep[],
  ): ScheduledLoop;
  /** Kernels that read and write the first and the last elements that the kernels of a loop read and write. */
  corners(loop: Loop): Kernel[];
}

export const support: { loops: LoopSupport | null } = { loops: null };
