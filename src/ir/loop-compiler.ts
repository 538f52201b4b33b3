import type { Limits } from './backend.ts';
import type { Expr } from './expr.ts';
import type { Access } from './kernel.ts';
import type { Node } from './node.ts';
import type { PlanStep } from './plan.ts';
import type { Primitive } from './primitive.ts';
import type { View } from './view.ts';

/**
 * A value that may not have a buffer: an expression over buffers, which exist or belong to a pending kernel. A buffer has
 * the number of the node whose values it holds.
 */
export interface LazyValue {
  readonly shape: readonly number[];
  readonly inputs: readonly Access[];
  readonly expr: Expr;
  readonly names: readonly string[];
  /** An upper bound of the number of nodes in the expression: shared ones may be counted twice. */
  readonly nodes: number;
}

/** What fusion offers to the code that compiles loops. Values and buffers have the numbers of their nodes. */
export interface LoopFuser {
  /** The nodes, and after them those of buffers that loops have added. */
  readonly nodes: Node[];
  readonly inputs: readonly (readonly number[])[];
  readonly primitives: Primitive[];
  readonly limits: Limits | null;
  /** For each node the loop that computes it in its iterations, -1 for none. */
  readonly scopes: readonly number[];
  readonly lazyValues: LazyValue[];
  /** Values that must have their own buffers. */
  readonly isRoot: boolean[];
  readonly needsBuffer: boolean[];
  /** The steps that have been made. */
  steps: PlanStep[];
  visit(value: number): void;
  /** Gives a value a buffer. */
  materialize(value: number): void;
  /** Gives a value a buffer, unless it is a cheap expression that its users may repeat. */
  settle(value: number): void;
  moved(value: number, move: (view: View) => View | null): LazyValue | null;
}

/** The code that compiles loops. Operations bring it, so that programs without loops do not contain it. */
export interface LoopCompiler {
  /** The scopes of all nodes; see `LoopFuser`. Throws if a node of a body is used outside its loop. */
  scopes(
    primitives: readonly Primitive[],
    inputs: readonly (readonly number[])[],
    roots: readonly number[],
  ): number[];
  /** Makes the steps of a loop, and the lazy values of the nodes that read its values. */
  compile(fuser: LoopFuser, loop: number): void;
}
