import type { DType } from './dtype.ts';
import type { Kernel } from './kernel.ts';

/**
 * Where a buffer's values are stored: in a `bound` or `result` storage that each run passes, in new memory for the values
 * of a bound storage, or in the plan's arena. A `replacement` becomes the value of bound storage `index` if the run succeeds.
 */
export type BufferLocation =
  | { readonly kind: 'bound'; readonly index: number }
  | { readonly kind: 'result'; readonly index: number }
  | { readonly kind: 'replacement'; readonly index: number }
  | { readonly kind: 'arena'; readonly byteOffset: number };

export interface PlanBuffer {
  readonly dtype: DType;
  readonly size: number;
  readonly location: BufferLocation;
}

/** A condition on values; `error` makes the error for a value that failed. */
export interface Check {
  readonly error: (value: number) => Error;
}

/** One step of a plan. Compiler passes and backends exchange lists of steps. */
export type PlanStep = Kernel | Loop;

/**
 * Runs its steps `count` times, one after the other. Slot `slot` of the plan's values holds the number t of the iteration,
 * and slot `slot + 1` t mod 2: offsets that have them as terms read and write another slice of a buffer in each iteration.
 * What an iteration leaves to the next one is in a buffer with a place for t and one for t + 1, which are chosen by t or by
 * t mod 2.
 */
export interface Loop {
  readonly kind: 'loop';
  readonly name: string;
  readonly count: number;
  readonly slot: number;
  readonly steps: readonly PlanStep[];
}

/**
 * Steps over numbered buffers, in order. No step writes a buffer that it reads. New values of Parameters are replacements,
 * which a backend exchanges for the old values if no check has failed. Only parts of bound buffers are written, by steps of a
 * graph that says that nobody needs what was there (`compiler/in-place.ts`).
 */
export interface Plan {
  readonly buffers: readonly PlanBuffer[];
  readonly steps: readonly PlanStep[];
  readonly checks: readonly Check[];
  /**
   * The check that fails if a float32 replacement gets a NaN or infinite value, with the number of the bound storage. Null
   * if the replacements may have such values.
   */
  readonly finiteCheck: number | null;
  /** Bytes of the arena; buffers in it start at multiples of 64. */
  readonly arenaBytes: number;
}
