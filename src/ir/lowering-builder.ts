import type { Expr } from './expr.ts';
import type { Reducer } from './kernel.ts';
import type { Check } from './plan.ts';
import type { Primitive } from './primitive.ts';
import type { View } from './view.ts';

/** What `lower` builds expressions with. */
export interface LoweringBuilder {
  /** The element of input `k`, broadcast to the loop's axes, or where `move` puts it. */
  input(k: number, move?: (view: View) => View | null): Expr;
  /** The index along an axis of the loop (i32). */
  index(axis: number): Expr;
  /** The row-major number of the point in the loop's axes (i32). */
  linearIndex(): Expr;
  /**
   * An element of input `k` at computed indices along `axes`; `move` lays its other axes out over the loop's
   * axes.
   */
  gather(
    k: number,
    axes: readonly number[],
    indices: readonly Expr[],
    move: (rest: View) => View,
    fill?: number,
  ): Expr;
  /** The node's value number `i`. */
  value(i: number, type: 'f32' | 'i32' | 'u32'): Expr;
  /** The plan's slot of the node's value number `i`, for offsets of views. */
  slot(i: number): number;
  /** Registers a check on values. */
  check(check: Check): number;
  /** The map with this expression. */
  map(expr: Expr): Primitive;
  /** The reduction of this expression over the axes that `over` added. */
  reduce(reducer: Reducer, expr: Expr): Primitive;
  /** Adds reduced axes after those of the node's shape; call it first. */
  over(shape: readonly number[]): void;
}
