import { inDependencyOrder, Node } from '../../ir/node.ts';
import { argument, argumentsOf, dependentsOn, loopOperation } from './loop-node.ts';

/**
 * The roots with nodes put in the places of others: what depends on these is built again. Loops among it get bodies of
 * their own.
 */
export function substitute(roots: readonly Node[], replacements: ReadonlyMap<Node, Node>): Node[] {
  const made = new Map(replacements);
  const order = inDependencyOrder(roots, (node) => replacements.has(node) || node.storage !== null);
  for (;;) {
    const changed = dependentsOn(made.keys(), order);
    const loop = order.find(
      (node) => node.op === loopOperation && changed.has(node) && argumentsOf(node).some((a) => !made.has(a)),
    );
    if (loop === undefined) break;
    for (const a of argumentsOf(loop)) made.set(a, argument(a.shape, a.dtype));
  }
  for (const node of order) {
    if (made.has(node) || !node.inputs.some((input) => made.has(input))) continue;
    const inputs = node.inputs.map((input) => made.get(input) ?? input);
    made.set(node, new Node(node.op, inputs, node.shape, node.dtype, node.params, node.values));
  }
  return roots.map((root) => made.get(root) ?? root);
}
