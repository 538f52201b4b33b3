import type { DType } from './dtype.ts';
import { StateError } from './errors.ts';
import type { LoweringBuilder } from './lowering-builder.ts';
import type { Primitive } from './primitive.ts';
import type { Storage } from './storage.ts';
import { sizeOf } from './view.ts';

/**
 * Static parameters of an operation: plain values, compared by structure (axes, widths, names; no tensors).
 */
export type Params = { readonly [key: string]: ParamValue };
export type ParamValue = number | string | boolean | null | readonly ParamValue[];

/**
 * The first property of everything that `structuredClone` and `postMessage` meet in a tensor: they refuse symbols with
 * their descriptions.
 */
export const notCloneable: symbol = Symbol(
  '[structuredClone] got a tensor or a layer, wanted plain data. Send `await t.data()` and `t.shape` of tensors and ' +
    'Parameters, and call tensor(data, { shape }) there.',
);

/** An operation as the compiler sees it. */
export interface Lowerable {
  readonly notCloneable: symbol;
  readonly name: string;
  /** Whether a node of this operation drops its inputs (`cutGraph`) once its values are known. */
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
  /** The values, if known: always for a leaf, for other nodes after a run that had them as results. */
  storage: Storage | null;
  /** The storage's version that this node stands for. */
  readonly version: number;
  /**
   * The latest graph traversal that visited this node, and the node's number in it; see `inDependencyOrder`.
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
 * The parameters of an operation that has none. A shared object, so that comparing it is fast.
 */
export const noParams: {} = Object.freeze({});
const noValues: readonly number[] = [];

/** The operation of nodes that only hold values. */
export const leafOperation: Lowerable = {
  notCloneable,
  name: 'leaf',
  cutsGraph: false,
  lower: () => ({ kind: 'leaf' }),
};

export function leafNode(storage: Storage, shape: readonly number[]): Node {
  return new Node(leafOperation, [], shape, storage.dtype, noParams, noValues, storage);
}

let walks = 0;

/**
 * The nodes that the roots depend on, roots included, each once, inputs before their users. Depth-first, iterative, linear
 * in nodes and edges. The inputs of nodes for which `stopsAt` is true are left out. Until the next traversal, a node's
 * `number` is its index in the result.
 */
export function inDependencyOrder(
  roots: readonly Node[],
  stopsAt: (node: Node) => boolean = () => false,
): Node[] {
  const walk = ++walks;
  const nodes: Node[] = [];
  // The path from a root to the current node, and how many inputs of each node on it have been visited.
  const path: Node[] = [];
  const visited: number[] = [];
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
        visited.push(next);
        node = input;
        inputs = node.inputs;
        next = 0;
      } else {
        node.number = nodes.push(node) - 1;
        if (path.length === 0) break;
        node = path.pop()!;
        inputs = node.inputs;
        next = visited.pop()!;
      }
    }
  }
  return nodes;
}

const none: readonly Node[] = [];

/** Throws if the node's Parameter has been overwritten since the node was created: its values no longer exist. */
export function assertCurrent({ storage, version }: Node): void {
  if (storage === null || storage.version === version) return;
  throw new StateError(
    `[run] the graph was built on an older version of Parameter '${storage.name}', which a step overwrites. Build the graph ` +
      'again after an update (call the model again), or compute its values in the step: minimize(loss, { also }).',
  );
}

/** Turns a computed node into a leaf: its values stay, and the graph that it was computed from may be collected. */
export function cutGraph(node: Node): void {
  node.op = leafOperation;
  node.inputs = [];
}
