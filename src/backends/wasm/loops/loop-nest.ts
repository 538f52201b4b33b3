import type { Expr } from '../../../ir/expr.ts';
import type { Access } from '../../../ir/kernel.ts';
import type { Local } from '../assembler/code.ts';

/** Expressions over the points of an iteration space. */
export interface LoopNest {
  readonly shape: readonly number[];
  readonly inputs: readonly Access[];
  readonly roots: readonly Expr[];
  /** The first axes number the `group` of a `PointRange`, the other axes the points in it; 0 by default. */
  readonly groupAxes?: number;
}

/**
 * `count` consecutive points in row-major order, from number `start` of a group on. Point numbers have 32 bits; a
 * reduction may have more points, hence the groups.
 */
export interface PointRange {
  readonly group?: Local;
  readonly start: Local;
  readonly count: Local;
  /** Address of the values of `acc`, one for each point of the range, 4 bytes apart. */
  readonly acc: Local | null;
  /** Address of the thread's scratch memory. */
  readonly scratch: Local;
}
