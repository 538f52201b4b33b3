import { inDependencyOrder, leafOperation, type Node } from '../ir/node.ts';

/** A graph in the order of computation: every node once, after its inputs. */
export interface Graph {
  readonly nodes: readonly Node[];
  readonly index: ReadonlyMap<Node, number>;
  /** The nodes whose values are taken as known: they count as leaves. */
  readonly known: readonly boolean[];
  /** For each node the numbers of its inputs; empty where the values are known. */
  readonly inputs: readonly (readonly number[])[];
  /** For each node the slot of its first value among the plan's. */
  readonly slots: readonly number[];
}

const none: readonly Node[] = [];
const isComputed = (node: Node): boolean => node.storage !== null;

/** Only nodes that have no inputs to be computed from. */
export const isLeaf = (node: Node): boolean => node.op === leafOperation;

/** Pass 1. */
export function toposort(roots: readonly Node[], isKnown: (node: Node) => boolean = isComputed): Graph {
  const inputsOf = (node: Node): readonly Node[] => (isKnown(node) ? none : node.inputs);
  const nodes = inDependencyOrder(roots, inputsOf);
  const index = new Map(nodes.map((node, i) => [node, i]));
  let slot = 0;
  const slots = nodes.map((node) => {
    const first = slot;
    if (!isKnown(node)) slot += node.values.length;
    return first;
  });
  return {
    nodes,
    index,
    known: nodes.map(isKnown),
    inputs: nodes.map((node) => inputsOf(node).map((input) => index.get(input)!)),
    slots,
  };
}
