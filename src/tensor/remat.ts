import { checkCount, refusal } from '../ir/arguments.ts';
import { inDependencyOrder, Node, noParams } from '../ir/node.ts';
import { apply, applyToNodes, checkTensor } from './apply.ts';
import { backwards } from './custom-gradient.ts';
import { pullback } from './gradients.ts';
import { operation } from './operation.ts';
import { Tensor } from './tensor.ts';

/** The first input; computed after the others, as far as the order of the graph goes. */
const afterOperation = operation<{}>({
  name: 'after',
  shape: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  // dx = g
  vjp: (g) => [() => g],
  lower: () => ({ kind: 'view', move: (v) => v }),
});

/**
 * The first input, which is computed from the others. Its vjp computes it again, once g is known, in copies of the nodes
 * between it and the others: they have the same random draws.
 */
const rematOperation = operation<{}>({
  name: 'remat',
  shape: ([y]) => ({ shape: y!.shape, dtype: y!.dtype }),
  // dx = g dy/dx, with y computed again
  vjp: (g, _y, [y, ...xs]) => {
    const inputs = xs.map((x) => apply(afterOperation, [x, g], noParams));
    const copies = new Map(xs.map((x, i) => [x.node, inputs[i]!.node]));
    const again = new Tensor(copied(y!.node, copies, g.node));
    const gradients = pullback(
      [[again.node, g]],
      inputs.map((x) => x.node),
      true,
    );
    return [null, ...gradients.map((dx) => dx && (() => dx))];
  },
  lower: () => ({ kind: 'view', move: (v) => v }),
});

/**
 * A copy of the graph behind a node up to nodes that have copies already. What depends on none of these is no copy, but for
 * draws, masks and the like, which are computed again after the node `after`.
 */
function copied(root: Node, copies: Map<Node, Node>, after: Node | null): Node {
  const isKnown = (node: Node): boolean => copies.has(node);
  for (const node of inDependencyOrder([root], isKnown)) {
    const isSource = after !== null && isRepeatable(node);
    if (isKnown(node) || !(isSource || node.inputs.some(isKnown))) continue;
    const inputs = isSource ? [after] : node.inputs.map((input) => copies.get(input) ?? input);
    const copy = new Node(node.op, inputs, node.shape, node.dtype, node.params, node.values);
    const backward = backwards.get(node);
    if (backward) backwards.set(copy, (g) => backwardOfCopy(backward(g), g, copies));
    copies.set(node, copy);
  }
  return copies.get(root) ?? root;
}

/** Is it made of nothing but its values, and not of a type that has gradients? */
const isRepeatable = ({ inputs, storage, dtype }: Node): boolean =>
  inputs.length === 0 && storage === null && dtype !== 'float32';

/** What a backward function gives, with copies of the nodes that it has used. */
function backwardOfCopy(
  given: Tensor | null | readonly (Tensor | null)[],
  g: Tensor,
  copies: ReadonlyMap<Node, Node>,
): (Tensor | null)[] {
  const own = new Map([...copies, [g.node, g.node]]);
  return [given].flat().map((dx) => dx && new Tensor(copied(dx.node, own, null)));
}

/**
 * A function that keeps none of its intermediate values for the gradient: it computes them again in the backward pass, as
 * `torch.utils.checkpoint` and `jax.remat`. It takes time for memory. Values and gradients have the same bits, and random
 * draws, such as dropout masks, are the same ones. Parameters and other tensors that f uses get their gradients, also where
 * they are no arguments.
 *
 * ```ts
 * const y = remat((x: Tensor) => block.call(x, context))(x);
 * ```
 *
 * @param f is called once for each call; not again in the backward pass. It returns a tensor.
 */
export function remat<A extends readonly Tensor[], Y extends Tensor>(
  f: (...args: A) => Y,
): (...args: A) => Y {
  checkCount('remat', arguments.length, 1);
  if (typeof f !== 'function') throw refusal('remat', 'f', f, 'a function of tensors');
  return (...args) => {
    for (const x of args) checkTensor('remat', x);
    // What depends on these handles has been computed inside of f.
    const inner = args.map((x) => apply(afterOperation, [x], noParams));
    const y = f(...(inner as readonly Tensor[] as A));
    if (!(y instanceof Tensor)) throw refusal('remat', 'result', y, 'a Tensor from f');
    const inside = new Set(inner.map((x) => x.node));
    const outside = new Set(args.map((x) => x.node));
    for (const node of inDependencyOrder([y.node], (node) => inside.has(node))) {
      if (inside.has(node) || !node.inputs.some((input) => inside.has(input))) continue;
      inside.add(node);
      for (const input of node.inputs) if (!inside.has(input) && !isRepeatable(input)) outside.add(input);
    }
    return inside.has(y.node) ? (applyToNodes(rematOperation, [y.node, ...outside], noParams) as Y) : y;
  };
}
