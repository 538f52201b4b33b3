import type { DType, TypedArray } from '../ir/dtype.ts';
import { leafNode } from '../ir/node.ts';
import { sizeOf } from '../ir/view.ts';
import { compute, computedStorage, explainRun, initialValues, run, yieldIfWanted } from '../runtime/run.ts';
import { checkTensor } from './apply.ts';
import type { Shape } from './shape.ts';
import { Tensor } from './tensor.ts';

/**
 * Computes several tensors in one plan; afterwards their values are known and `data()` gives them at once.
 */
export async function realize(...tensors: readonly Tensor[]): Promise<void> {
  for (const t of tensors) checkTensor('realize', t);
  await run({ results: tensors.map((t) => t.node), assignments: [] });
  await yieldIfWanted();
}

/** The values without a copy. The array belongs to the tensor: it must not be changed. */
export function valuesOf(t: Tensor): Promise<TypedArray> {
  return compute(t.node);
}

/**
 * The values without waiting, computed on the CPU whatever the backend: what a Parameter is to start with. They
 * must not be changed, and be computed from numbers that are on the CPU, such as random ones.
 */
export function initialValuesOf(t: Tensor): TypedArray {
  return initialValues(t.node);
}

/** A tensor with values that are computed on the CPU: now, or, if no backend is ready yet, as soon as one is. */
export function computedTensor<S extends Shape, D extends DType>(
  shape: S,
  dtype: D,
  compute: () => TypedArray,
): Tensor<S, D> {
  return new Tensor<S, D>(leafNode(computedStorage(dtype, sizeOf(shape), compute), [...shape]));
}

/**
 * The plan that computes the tensors, printed: its buffers and kernels, what each reads and writes. For
 * people to read.
 */
export function explain(...tensors: readonly Tensor[]): string {
  for (const t of tensors) checkTensor('explain', t);
  return explainRun({ results: tensors.map((t) => t.node), assignments: [] });
}
