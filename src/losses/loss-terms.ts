import { inDependencyOrder, type Node } from '../ir/node.ts';
import { tensor } from '../tensor/creation.ts';
import { reachedGradients } from '../tensor/gradients.ts';
import { Tensor } from '../tensor/tensor.ts';

/** A summand of a batch's loss that the number of samples does not weight. */
export interface LossTerm {
  readonly value: Tensor;
  /** The sum of the weights that the mean divides by; null for a sum. */
  readonly weight: Tensor | null;
}

const terms = new WeakMap<Node, Tensor | null>();

/** Records how a reduced loss is combined with those of other batches, if not as a mean over samples. */
export function declareTerm<T extends Tensor>(loss: T, weight: Tensor | null): T {
  terms.set(loss.node, weight);
  return loss;
}

/** Whether the result is linear in the inputs that depend on a term. */
const linear: Readonly<Record<string, (depends: readonly boolean[]) => boolean>> = {
  add: () => true,
  sub: () => true,
  neg: () => true,
  mul: ([a, b]) => a !== b,
  div: ([, b]) => !b,
};

/**
 * The declared terms of a loss, multiplied by their factors. The loss minus their sum is a mean over samples. Empty if
 * the loss is not linear in them.
 */
export function lossTerms(loss: Tensor): LossTerm[] {
  const nodes = inDependencyOrder([loss.node], (node) => terms.has(node));
  const depends: boolean[] = [];
  const found: Tensor[] = [];
  for (const node of nodes) {
    const of = node.inputs.map((input) => depends[input.number]!);
    const declared = terms.has(node);
    if (declared) found.push(new Tensor(node));
    else if (of.includes(true) && !linear[node.op.name]?.(of)) return [];
    depends.push(declared || of.includes(true));
  }
  if (found.length === 0) return [];
  const factors = found[0]!.node === loss.node ? [] : reachedGradients('fit', loss, found);
  return found.map((term, i) => {
    const factor = factors[i];
    return { value: factor ? term.mul(factor) : loss, weight: terms.get(term.node)! };
  });
}

/** All summands of a loss. What it does not declare is the first, with the given weight. */
export function allTerms<W>(
  loss: Tensor,
  weight: W,
): { readonly value: Tensor; readonly weight: Tensor | W | null }[] {
  const terms = lossTerms(loss);
  if (terms[0]?.value === loss) return terms;
  return [{ value: terms.reduce((rest, { value }) => rest.sub(value), loss), weight }, ...terms];
}

/**
 * The loss with all summands declared, so that losses with other weights can be added. If no sample counts, all of them are
 * 0, but depend on the same Parameters.
 *
 * @param total the sum of the samples' weights.
 */
export function inTerms(loss: Tensor, total: number): Tensor {
  const sum = tensor(total);
  const counts = total > 0;
  return (
    allTerms(loss, sum)
      // New nodes, since a summand that depends on others would change their factors.
      .map(({ value, weight }) => declareTerm(value.mul(counts ? 1 : 0), counts ? weight : weight && sum))
      .reduce((a, b) => a.add(b))
  );
}
