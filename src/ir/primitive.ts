import type { Limits } from './backend.ts';
import type { DType } from './dtype.ts';
import type { Expr } from './expr.ts';
import type { Access, Algorithm, Reducer } from './kernel.ts';
import type { PlanStep } from './plan.ts';
import type { View } from './view.ts';

/** An input of a loop as an operation declares it; the compiler makes an `Access` of it. */
export interface LoopInput {
  /** The number of the node's input; null for an input without memory (see `Access`). */
  readonly input: number | null;
  /**
   * Maps a view of the input, without gathered axes, to one over the loop's axes; null if no view can express it.
   */
  readonly move: (view: View) => View | null;
  /** Axes of the input that the load addresses by computed indices. */
  readonly gatherAxes: readonly number[];
  readonly fill: number | null;
}

/**
 * The computation of one node, before fusion.
 * - `view`: the input's elements in another arrangement; `move` returns null if that needs a copy.
 * - `map`: an expression for each element.
 * - `reduce`: an expression over the node's shape and, innermost, the axes `over`. `contract`, `scatter`,
 *   `algorithm` (its operands are the node's inputs): see kernel.ts.
 */
export type Primitive =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'view'; readonly move: (view: View) => View | null }
  | { readonly kind: 'map'; readonly inputs: readonly LoopInput[]; readonly expr: Expr }
  | {
      readonly kind: 'reduce';
      readonly reducer: Reducer;
      readonly over: readonly number[];
      readonly inputs: readonly LoopInput[];
      readonly expr: Expr;
    }
  | {
      readonly kind: 'contract';
      readonly batch: number;
      readonly m: number;
      readonly k: number;
      readonly n: number;
      /** Map the operands (the first two inputs) to views [batch..., m..., k...] and [batch..., k..., n...]. */
      readonly moves?: readonly [(view: View) => View, (view: View) => View];
    }
  | { readonly kind: 'scatter'; readonly axis: number; readonly check: number }
  | { readonly kind: 'algorithm'; readonly algorithm: Algorithm }
  | LoopPrimitive
  | { readonly kind: 'argument'; readonly misused: () => Error }
  | { readonly kind: 'loopValue'; readonly carry: number | null };

/**
 * A loop. The node's inputs are the initial values of what iterations leave to the next one (the *carries*), the sequences
 * [count, ...], the nodes from outside that the body uses, the arguments that stand for carries and elements of sequences
 * in the body, and the body's new values of the carries. Nodes that depend on the arguments are computed in each iteration.
 *
 * A node of kind `loopValue` has the loop as its first input. It is the last value of a carry, or the values of the node
 * that is its second input, a node of the body, for all elements of the sequences [count, ...].
 */
export interface LoopPrimitive {
  readonly kind: 'loop';
  readonly count: number;
  /** Whether the last elements of the sequences come first. */
  readonly reverse: boolean;
  readonly carries: number;
  readonly sequences: number;
  readonly captured: number;
  /** The slot of the node's two values; see `Loop`. */
  readonly slot: number;
  readonly compiler: LoopCompiler;
}

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

/** What loops need to know of a node. */
export interface BufferNode {
  readonly op: { readonly name: string };
  readonly shape: readonly number[];
  readonly size: number;
  readonly dtype: DType;
}

/** What fusion offers to the code that compiles loops. Values and buffers have the numbers of their nodes. */
export interface LoopFuser {
  /** The nodes, and after them those of buffers that loops have added. */
  readonly nodes: readonly BufferNode[];
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
  /** Gives a node another shape: it stands for several values, or for one of them again. */
  reshape(value: number, shape: readonly number[]): void;
  /** Adds a buffer for values like those of a node; returns its number. */
  addBuffer(like: number, shape: readonly number[]): number;
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
  /** Allocates the intermediate buffers of a plan with loops. */
  allocate(steps: readonly PlanStep[], buffers: ArenaBuffers): ArenaLayout;
}

/** What the allocation of the arena needs to know of buffers. */
export interface ArenaBuffers {
  isIntermediate(buffer: number): boolean;
  bytesOf(buffer: number): number;
  elementBytesOf(buffer: number): number;
}

/** The places of intermediate buffers in the arena. */
export interface ArenaLayout {
  readonly steps: readonly PlanStep[];
  readonly offsets: ReadonlyMap<number, number>;
  readonly arenaBytes: number;
  /** The sizes of buffers whose values have gaps in between. */
  readonly sizes?: ReadonlyMap<number, number>;
}
