import { inDependencyOrder, Node } from '../ir/node.ts';
import { backwards } from './custom-gradient.ts';
import { Operation } from './operation.ts';
import { Tensor } from './tensor.ts';

/** The nodes of a graph that depend on others, which are among them, and the arguments of the loops that do. */
export function dependentsIn(order: readonly Node[], sources: Iterable<Node>): Set<Node> {
  const found = new Set(sources);
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const node of order) {
      if (found.has(node) || !node.inputs.some((input) => found.has(input))) continue;
      found.add(node);
      for (const argument of argumentsOf(node)) found.add(argument);
    }
  }
  return found;
}

const argumentsOf = ({ op, inputs, params }: Node): readonly Node[] =>
  op instanceof Operation ? (op.record.argumentsOf?.(inputs, params) ?? []) : [];

/**
 * Is it a draw, a mask or the like, made of nothing but its values, and not of a type that has gradients? Copies cost no
 * memory then.
 */
export const isRepeatable = ({ inputs, storage, dtype, op }: Node): boolean =>
  inputs.length === 0 &&
  storage === null &&
  dtype !== 'float32' &&
  !(op instanceof Operation && op.record.isArgument);

/**
 * The roots with nodes put in the places of others: what depends on these is built again. Loops among it get bodies of
 * their own.
 *
 * @param after a node after which repeatable nodes are computed again; null if they are kept.
 */
export function substitute(
  roots: readonly Node[],
  replacements: ReadonlyMap<Node, Node>,
  after: Node | null = null,
): Node[] {
  const made = new Map(replacements);
  const order = inDependencyOrder(roots, (node) => replacements.has(node));
  const repeated = after === null ? [] : order.filter((node) => isRepeatable(node) && !made.has(node));
  const changed = dependentsIn(order, [...made.keys(), ...repeated]);
  for (const node of order) {
    if (made.has(node) || !changed.has(node)) continue;
    const inputs = isRepeatable(node) ? [after!] : node.inputs.map((input) => made.get(input) ?? input);
    const copy = new Node(node.op, inputs, node.shape, node.dtype, node.params, node.values);
    made.set(node, copy);
    const backward = backwards.get(node);
    if (backward === undefined) continue;
    // What it gives is built from nodes that have copies; g is behind the copies already.
    backwards.set(copy, (g) => {
      const own = new Map([...made, [g.node, g.node]]);
      return [backward(g)].flat().map((dx) => dx && new Tensor(substitute([dx.node], own)[0]!));
    });
  }
  return roots.map((root) => made.get(root) ?? root);
}
