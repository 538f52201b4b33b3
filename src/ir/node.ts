import { type DType, dtypes, type TypedArray } from './dtype.ts';
import { StateError } from './errors.ts';
import type { Expr } from './expr.ts';
import type { Check, Reducer } from './kernel.ts';
import { sizeOf, type View } from './view.ts';

/** A copy of a storage's values in a backend's memory. */
export interface Residence {
  /**
   * Whether the array is out of date and only waiting mends that (`Backend.read`): on asynchronous backends.
   * So it is too where the values will never be there, because the run that was to compute them failed.
   */
  readonly away?: boolean;
  /** Will the values never come home? They may be replaced all the same. */
  readonly gone?: boolean;
  /** Brings the storage's array up to date; throws a StateError that says why not where it is `away`. */
  fetch(array: TypedArray): void;
  /** The array is about to be overwritten: the copy counts no more. */
  drop(): void;
}

/**
 * The values of a leaf or of a computed tensor. A Parameter's storage is overwritten in place, and counts its
 * versions. A backend may keep the values in memory of its own (`residence`); whoever asks for the array gets
 * them.
 */
export class Storage {
  readonly dtype: DType;
  readonly size: number;
  residence: Residence | null = null;
  version = 0;
  /** Whose values these are, for errors. */
  name: string;
  readonly #array: TypedArray;
  /** Gives the first values, where they have not been asked for yet. */
  #make: (() => TypedArray) | null = null;

  constructor(dtype: DType, array: TypedArray, name = '') {
    this.dtype = dtype;
    this.size = array.length;
    this.#array = array;
    this.name = name;
  }

  static allocate(dtype: DType, size: number): Storage {
    return new Storage(dtype, dtypes[dtype].allocate(size));
  }

  /** A storage whose values are made when they are asked for. */
  static deferred(dtype: DType, size: number, make: () => TypedArray, name: string): Storage {
    const storage = new Storage(dtype, dtypes[dtype].allocate(size), name);
    storage.#make = make;
    return storage;
  }

  /** The values, for reading. */
  get array(): TypedArray {
    if (this.#make !== null) {
      this.#array.set(this.#make());
      this.#make = null;
    }
    this.residence?.fetch(this.#array);
    return this.#array;
  }

  /** The array, for writing. */
  overwrite(): TypedArray {
    this.residence?.drop();
    this.residence = null;
    this.#make = null;
    return this.#array;
  }

  /** The array as it is, perhaps out of date. */
  get target(): TypedArray {
    return this.#array;
  }
}

/**
 * Static parameters of an operation: plain values, compared by structure (axes, widths, names; no tensors).
 */
export type Params = { readonly [key: string]: ParamValue };
export type ParamValue = number | string | boolean | null | readonly ParamValue[];

/** What the compiler asks of an operation: how its nodes are computed. */
export interface Lowerable {
  readonly name: string;
  /** Once its values are known, a node of this operation lets go of the graph behind it. */
  readonly cutsGraph: boolean;
  lower(node: Node, builder: LoweringBuilder): Primitive;
}

/**
 * One vertex of the graph: an operation applied to inputs. Shape, dtype and params are its structure;
 * `values` are numbers that may differ from run to run of one plan (a scalar operand, the start of a slice, a
 * random counter).
 */
export class Node {
  op: Lowerable;
  inputs: readonly Node[];
  readonly params: Params;
  readonly values: readonly number[];
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** The values, once known: always for a leaf, after the first run for others that were read. */
  storage: Storage | null;
  /** The storage's version that this node stands for. */
  readonly version: number;
  /**
   * The latest walk over a graph that met this node, and the node's number in it; see `inDependencyOrder`.
   */
  walk = 0;
  number = 0;

  constructor(
    op: Lowerable,
    inputs: readonly Node[],
    shape: readonly number[],
    dtype: DType,
    params: Params = noParams,
    values: readonly number[] = noValues,
    storage: Storage | null = null,
  ) {
    this.op = op;
    this.inputs = inputs;
    this.shape = shape;
    this.dtype = dtype;
    this.params = params;
    this.values = values;
    this.storage = storage;
    this.version = storage === null ? 0 : storage.version;
  }

  get size(): number {
    return sizeOf(this.shape);
  }
}

/**
 * The parameters of an operation that has none: the same object each time, so that comparing it takes no
 * time.
 */
export const noParams: {} = Object.freeze({});
const noValues: readonly number[] = [];

/** The operation of every node that only holds values. */
export const leafOperation: Lowerable = {
  name: 'leaf',
  cutsGraph: false,
  lower: () => ({ kind: 'leaf' }),
};

export function leafNode(storage: Storage, shape: readonly number[]): Node {
  return new Node(leafOperation, [], shape, storage.dtype, noParams, noValues, storage);
}

let walks = 0;

/**
 * The nodes behind some roots, each once, inputs before their users. Depth-first, iterative, linear in nodes
 * and edges. `stopsAt` says which nodes' inputs do not belong to it. Until the next walk, a node's `number`
 * is its place in the result.
 */
export function inDependencyOrder(
  roots: readonly Node[],
  stopsAt: (node: Node) => boolean = () => false,
): Node[] {
  const walk = ++walks;
  const nodes: Node[] = [];
  // The way from a root to the present node, and how many inputs of each node on it have been looked at.
  const path: Node[] = [];
  const looked: number[] = [];
  for (const root of roots) {
    if (root.walk === walk) continue;
    root.walk = walk;
    let node = root;
    let inputs = stopsAt(node) ? none : node.inputs;
    let next = 0;
    for (;;) {
      if (next < inputs.length) {
        const input = inputs[next++]!;
        if (input.walk === walk) continue;
        input.walk = walk;
        if (input.inputs.length === 0 || stopsAt(input)) {
          input.number = nodes.push(input) - 1;
          continue;
        }
        path.push(node);
        looked.push(next);
        node = input;
        inputs = node.inputs;
        next = 0;
      } else {
        node.number = nodes.push(node) - 1;
        if (path.length === 0) break;
        node = path.pop()!;
        inputs = node.inputs;
        next = looked.pop()!;
      }
    }
  }
  return nodes;
}

const none: readonly Node[] = [];

/** A node whose Parameter has been overwritten since stands for values that are gone. */
export function assertCurrent({ storage, version }: Node): void {
  if (storage === null || storage.version === version) return;
  throw new StateError(
    `[run] the graph was built on an older version of Parameter '${storage.name}': a step has been asked to overwrite it. Build the ` +
      'graph anew after an update (call the model again), or have its values computed in the step: minimize(loss, { also }).',
  );
}

/** Forgets how a computed node came about: its values stay, the graph behind it may be collected. */
export function cutGraph(node: Node): void {
  node.op = leafOperation;
  node.inputs = [];
}

/** An input of a loop as its operation states it; the compiler turns it into an Access. */
export interface LoopInput {
  /** Which input of the node, or null for one that reads no memory (see Access). */
  readonly input: number | null;
  /**
   * From a view of the input (gathered axes removed) to one over the loop's axes; null where no view can
   * express it.
   */
  readonly move: (view: View) => View | null;
  /** Axes of the input that the load addresses by computed indices. */
  readonly gatherAxes: readonly number[];
  readonly fill: number | null;
}

/**
 * What one node computes, before anything is fused.
 * - `view`: the input's elements in another arrangement; null from `move` asks for a copy.
 * - `map`: an expression for each element.
 * - `reduce`: an expression over the node's shape and, innermost, the axes `over`. `contract`, `scatter`: see
 *   kernel.ts.
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
      /** From the operands, the first two inputs, to views [batch..., m..., k...] and [batch..., k..., n...]. */
      readonly moves?: readonly [(view: View) => View, (view: View) => View];
    }
  | { readonly kind: 'scatter'; readonly axis: number; readonly check: number };

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
