import { toposort } from '../../src/compiler/toposort.ts';
import type { TypedArray } from '../../src/ir/dtype.ts';
import { leafNode, Node } from '../../src/ir/node.ts';
import { Storage } from '../../src/ir/storage.ts';
import { compilePlan, runPlan } from '../compiler/plans.ts';

/**
 * The values of nodes on the reference backend, without fusion, views and arena: each node is computed by a plan of its own from the values of its
 * inputs, which lie in row-major order in arrays of their own.
 */
export function nodeByNode(roots: readonly Node[]): TypedArray[] {
  const leaves = new Map<Node, Node>();
  const arrays = new Map<Node, TypedArray>();
  for (const node of toposort(roots).nodes) {
    const { op, shape, dtype, params, values } = node;
    const inputs = node.inputs.map((input) => leaves.get(input)!);
    const alone = new Node(op, inputs, shape, dtype, params, values);
    const array = node.storage?.array.slice() ?? runPlan(compilePlan([alone])).get(alone)!;
    arrays.set(node, array);
    leaves.set(node, leafNode(new Storage(dtype, array), shape));
  }
  return roots.map((root) => arrays.get(root)!);
}
