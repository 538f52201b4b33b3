import { checkCount, refusal } from '../ir/arguments.ts';
import { inDependencyOrder, noParams } from '../ir/node.ts';
import { apply, applyToNodes, checkTensor } from './apply.ts';
import { pullback } from './gradients.ts';
import { operation } from './operation.ts';
import { dependentsIn, isRepeatable, substitute } from './substitute.ts';
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
const rematOperation = operation<{ together: boolean }>({
  name: 'remat',
  shape: ([y]) => ({ shape: y!.shape, dtype: y!.dtype }),
  // dx = g dy/dx, with y computed again
  vjp: (g, _y, [y, ...xs], { together }) => {
    const inputs = xs.map((x) => apply(afterOperation, [x, g], noParams));
    const copies = new Map(xs.map((x, i) => [x.node, inputs[i]!.node]));
    const again = new Tensor(substitute([y!.node], copies, g.node)[0]!);
    const gradients = pullback(
      [[again.node, g]],
      inputs.map((x) => x.node),
      true,
    );
    const found = gradients.filter((dx) => dx !== null);
    return [
      null,
      ...gradients.map(
        (dx) => dx && (() => (together ? apply(afterOperation, [dx, ...found], noParams) : dx)),
      ),
    ];
  },
  lower: () => ({ kind: 'view', move: (v) => v }),
});

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
  return (...args) => computedAgain(f, args, false);
}

/**
 * f(...args), whose intermediate values are computed again for the gradient. `together` computes the gradients of all arguments
 * at the time of the first one, so that nothing is kept for the others.
 */
export function computedAgain<A extends readonly Tensor[], Y extends Tensor>(
  f: (...args: A) => Y,
  args: A,
  together: boolean,
): Y {
  for (const x of args) checkTensor('remat', x);
  // What depends on these handles has been computed inside of f.
  const inner = args.map((x) => apply(afterOperation, [x], noParams));
  const y = f(...(inner as readonly Tensor[] as A));
  if (!(y instanceof Tensor)) throw refusal('remat', 'result', y, 'a Tensor from f');
  const begin = new Set(inner.map((x) => x.node));
  const order = inDependencyOrder([y.node], (node) => begin.has(node));
  const inside = dependentsIn(order, begin);
  const outside = new Set(args.map((x) => x.node));
  for (const node of order) {
    if (begin.has(node) || !inside.has(node)) continue;
    for (const input of node.inputs) if (!inside.has(input) && !isRepeatable(input)) outside.add(input);
  }
  return inside.has(y.node) ? (applyToNodes(rematOperation, [y.node, ...outside], { together }) as Y) : y;
}
