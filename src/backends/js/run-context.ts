import type { Failure } from '../../ir/backend.ts';
import type { Plan } from '../../ir/plan.ts';
import type { Precision } from './precision.ts';
import type { Register } from './registers.ts';

/** The state that a plan's kernels share: the buffers and the values of the current run. */
export class RunContext {
  readonly plan: Plan;
  readonly precision: Precision;
  buffers: readonly Register[] = [];
  /** The values of the run; loops write their iterations to them. */
  values: number[] = [];
  /** The failed check of this run with the lowest number, and the smallest value that failed it. */
  failure: Failure | null = null;

  constructor(plan: Plan, precision: Precision) {
    this.plan = plan;
    this.precision = precision;
  }

  fail(check: number, value: number): void {
    const known = this.failure;
    if (known === null || check < known.check || (check === known.check && value < known.value))
      this.failure = { check, value };
  }
}
