import type { DType } from './dtype.ts';
import type { Kernel } from './kernel.ts';

/**
 * Where a buffer's values live. `bound` and `result` are handed over at each run; the arena belongs to the
 * plan.
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

/** A condition on values: what went wrong, in words, given the offending value. */
export interface Check {
  readonly describe: (value: number) => string;
}

/** One step of a plan. Compiler passes and backends exchange lists of steps; every step is a kernel so far. */
export type PlanStep = Kernel;

/**
 * Steps in order over numbered buffers. The steps from `commit` on overwrite bound buffers (Parameters) in place;
 * a backend runs them only if no check has failed before; none of them contains a check.
 */
export interface Plan {
  readonly buffers: readonly PlanBuffer[];
  readonly steps: readonly PlanStep[];
  readonly commit: number;
  readonly checks: readonly Check[];
  /** Bytes of the arena; buffers in it start at multiples of 64. */
  readonly arenaBytes: number;
}
