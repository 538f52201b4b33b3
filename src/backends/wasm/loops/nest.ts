import type { Expr } from '../../../ir/expr.ts';
import type { Access } from '../../../ir/kernel.ts';
import type { Local } from '../assembler/code.ts';

/** A loop nest: expressions over the points of a shape. */
export interface Nest {
  readonly shape: readonly number[];
  readonly inputs: readonly Access[];
  readonly roots: readonly Expr[];
  /**
   * How many of the first axes count the `group` of a range, which all others count the points of; 0 by
   * default.
   */
  readonly split?: number;
}

/**
 * Which points are wanted: `count` of them, in row-major order, from number `start` of a group on. Numbers
 * have 32 bits, and the points of a reduction may be more.
 */
export interface Range {
  readonly group?: Local;
  readonly start: Local;
  readonly count: Local;
  /** Address of the values of `acc`: one for each of these points, 4 bytes apart. */
  readonly acc: Local | null;
  /** The thread's scratch memory. */
  readonly scratch: Local;
}
