import type { DType } from './dtype.ts';
import type { Kernel } from './kernel.ts';

/**
 * Where a buffer's values are stored: in a `bound` or `result` storage that each run passes, or in the plan's arena.
 */
export type BufferLocation =
  | { readonly kind: 'bound'; readonly index: number }
  | { readonly kind: 'result'; readonly index: number }
  | { readonly kind: 'arena'; readonly byteOffset: number };

export interface PlanBuffer {
  readonly dtype: DType;
  readonly size: number;
  readonly location: BufferLocation;
}

/** A condition on values; `describe` gives the error text for a value that failed. */
export interface Check {
  readonly describe: (value: number) => string;
}

/** One step of a plan. Compiler passes and backends exchange lists of steps. */
export type PlanStep = Kernel;

/**
 * Steps over numbered buffers, in order. The steps from `commit` on overwrite bound buffers (Parameters) in place. A
 * backend runs them only if no check has failed; they contain no checks.
 */
export interface Plan {
  readonly buffers: readonly PlanBuffer[];
  readonly steps: readonly PlanStep[];
  readonly commit: number;
  readonly checks: readonly Check[];
  /** Bytes of the arena; buffers in it start at multiples of 64. */
  readonly arenaBytes: number;
}
