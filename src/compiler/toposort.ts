import { leafOperation, type Node } from '../ir/node.ts';

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

/** Pass 1. Depth-first, iterative, linear in nodes and edges. */
export function toposort(roots: readonly Node[], isKnown: (node: Node) => boolean = isComputed): Graph {
  const nodes: Node[] = [];
  const index = new Map<Node, number>();
  const known: boolean[] = [];
  const inputs: number[][] = [];
  const slots: number[] = [];
  let slot = 0;
  const path: Node[] = [];
  const next: number[] = [];
  for (const root of roots) {
    if (index.has(root)) continue;
    path.push(root);
    next.push(0);
    while (path.length > 0) {
      const node = path[path.length - 1]!;
      const wanted = isKnown(node) ? none : node.inputs;
      let k = next[next.length - 1]!;
      while (k < wanted.length && index.has(wanted[k]!)) k++;
      next[next.length - 1] = k + 1;
      if (k < wanted.length) {
        path.push(wanted[k]!);
        next.push(0);
        continue;
      }
      path.pop();
      next.pop();
      if (index.has(node)) continue;
      index.set(node, nodes.length);
      nodes.push(node);
      known.push(isKnown(node));
      inputs.push(wanted.map((input) => index.get(input)!));
      slots.push(slot);
      if (!isKnown(node)) slot += node.values.length;
    }
  }
  return { nodes, index, known, inputs, slots };
}
