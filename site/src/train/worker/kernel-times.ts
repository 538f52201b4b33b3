import { type Callback, type PlanProfile, profile } from 'ndgrad';
import type { Report } from '../reports.ts';

/** How many steps are measured. The first half warms up: engines compile what runs often once more. */
const STEPS = 20;

/** Measures the kernels of the next training steps when it is asked to. */
export class KernelClock {
  readonly callback: Callback = {
    onBatchEnd: () => {
      if (--this.#missing === 0) this.#end();
    },
    onTrainEnd: () => {
      this.#isOver = true;
      this.#missing = 0;
      this.#end();
    },
  };
  #isOver = false;
  /** How many steps are still to be measured. */
  #missing = 0;
  #end = (): void => {};

  /** Null if training is over, or is measured already. */
  async measure(): Promise<Extract<Report, { kind: 'kernel times' }> | null> {
    if (this.#isOver || this.#missing > 0) return null;
    this.#missing = STEPS;
    const plans = await profile(
      () =>
        new Promise<void>((resolve) => {
          this.#end = resolve;
          // Training may have ended since the call.
          if (this.#missing <= 0) resolve();
        }),
    );
    // Evaluation between two epochs has other plans, which run less often.
    const [training] = plans.sort((a, b) => runsOf(b) - runsOf(a));
    if (training === undefined) return null;
    const { plan, kernels } = training;
    return {
      kind: 'kernel times',
      plan,
      kernels: kernels.map(({ name, shape, milliseconds }) => {
        const warm = milliseconds.slice(milliseconds.length >> 1);
        return { name, shape, milliseconds: warm.reduce((a, b) => a + b, 0) / warm.length };
      }),
    };
  }
}

const runsOf = ({ kernels }: PlanProfile): number => kernels[0]!.milliseconds.length;
