import type { Node } from '../ir/node.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Operations that keep or move values. */
const moves = ['reshape', 'transpose', 'slice', 'cast', 'detach'];
const warned = new Set<string>();

/** Warns once if what a loss takes for logits is the output of softmax or sigmoid, which the loss applies itself. */
export function expectLogits(loss: string, logits: Tensor): void {
  let { node } = logits;
  while (moves.includes(node.op.name)) node = node.inputs[0]!;
  const found = node.op.name === 'sigmoid' ? 'sigmoid' : isSoftmax(node) ? 'softmax' : null;
  if (found === null || warned.has(loss + found)) return;
  warned.add(loss + found);
  console.warn(
    `[${loss}] got the output of ${found}, wanted logits: the loss contains the last activation, and trains badly on ` +
      `values from 0 to 1. Remove ${found} from the end of the model, and apply it to predictions instead.`,
  );
}

/** e / sum(e) with e = exp(z). */
function isSoftmax({ op, inputs: [e, total] }: Node): boolean {
  const sum = total?.op.name === 'reshape' ? total.inputs[0] : total;
  return op.name === 'div' && e?.op.name === 'exp' && sum?.op.name === 'sum' && sum.inputs[0] === e;
}
