import { inDependencyOrder, leafOperation, type Node } from '../ir/node.ts';

/** A graph's nodes in topological order, and the inputs of a run. */
export interface SortedGraph {
  /** Every node once, after its inputs. */
  readonly nodes: readonly Node[];
  /** The numbers of the roots. */
  readonly roots: readonly number[];
  /** The nodes whose values are known: they are leaves of the plan. */
  readonly leaves: readonly Node[];
  /** The values of all other nodes, concatenated: the plan's values. */
  readonly values: readonly number[];
}

/** A sorted graph with its wiring, as the compiler needs it. */
export interface Graph extends SortedGraph {
  /** Which nodes are leaves. */
  readonly known: readonly boolean[];
  /** For each node the numbers of its inputs; empty for leaves. */
  readonly inputs: readonly (readonly number[])[];
  /** For each node the slot of its first value in the plan's values. */
  readonly slots: readonly number[];
}

const isComputed = (node: Node): boolean => node.storage !== null;

/** Is the node a leaf operation? (A computed node with known values is not.) */
export const isLeaf = (node: Node): boolean => node.op === leafOperation;

/** Pass 1: topological order. */
export function toposort(roots: readonly Node[], isKnown: (node: Node) => boolean = isComputed): SortedGraph {
  const nodes = inDependencyOrder(roots, isKnown);
  const leaves: Node[] = [];
  const values: number[] = [];
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i]!;
    if (isKnown(node)) leaves.push(node);
    else for (let k = 0; k < node.values.length; k++) values.push(node.values[k]!);
  }
  return { nodes, roots: roots.map((root) => root.number), leaves, values };
}

/**
 * The graph with its wiring. Nodes carry their numbers, so this throws if a graph that shares nodes with it has been sorted
 * in between.
 */
export function graphOf(order: SortedGraph): Graph {
  const { nodes, leaves } = order;
  if (nodes.some((node, i) => node.number !== i))
    throw new Error('[toposort] another graph has been sorted since');
  const leafSet = new Set(leaves);
  const known = nodes.map((node) => leafSet.has(node));
  let slot = 0;
  const slots = nodes.map(({ values }, i) => {
    const first = slot;
    if (!known[i]) slot += values.length;
    return first;
  });
  const inputs = nodes.map((node, i) => (known[i] ? [] : node.inputs.map((input) => input.number)));
  return { ...order, known, inputs, slots };
}
