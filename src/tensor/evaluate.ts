import type { TypedArray } from '../ir/dtype.ts';
import { compute, explainStep, run, takeTurn } from '../run.ts';
import type { Tensor } from './tensor.ts';

/**
 * Computes several tensors in one plan; afterwards their values are known and `data()` gives them at once.
 */
export async function realize(...tensors: readonly Tensor[]): Promise<void> {
  await run({ results: tensors.map((t) => t.node), assignments: [] });
  await takeTurn();
}

/** The values without a copy. The array belongs to the tensor: it must not be changed. */
export function valuesOf(t: Tensor): Promise<TypedArray> {
  return compute(t.node);
}

/**
 * The plan that computes the tensors, printed: its buffers and kernels, what each reads and writes. For
 * people to read.
 */
export function explain(...tensors: readonly Tensor[]): string {
  return explainStep({ results: tensors.map((t) => t.node), assignments: [] });
}
