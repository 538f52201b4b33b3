import type { Expr } from './expr.ts';
import type { Reducer } from './kernel.ts';
import type { Check } from './plan.ts';
import type { Primitive } from './primitive.ts';
import type { View } from './view.ts';

/** The interface with which `Lowerable.lower` builds a primitive. */
export interface LoweringBuilder {
  /** The element of input `k`, broadcast to the loop's axes, or through the view that `move` makes. */
  input(k: number, move?: (view: View) => View | null): Expr;
  /** The index along an axis of the loop (i32). */
  index(axis: number): Expr;
  /** The row-major number of the point in the loop's axes (i32). */
  linearIndex(): Expr;
  /**
   * An element of input `k` at computed indices along `axes`; `move` maps its other axes to the loop's axes.
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
  /** The slot of the node's value number `i` in the plan's values, for offsets of views. */
  slot(i: number): number;
  /** Registers a check on values and returns its number. */
  check(check: Check): number;
  /** The map with this expression. */
  map(expr: Expr): Primitive;
  /** The reduction of this expression over the axes that `over` added. */
  reduce(reducer: Reducer, expr: Expr): Primitive;
  /** Appends the reduced axes to the loop's axes; call it first. */
  over(shape: readonly number[]): void;
}
