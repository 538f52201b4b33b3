import type { TypedArray } from '../../ir/dtype.ts';
import { tensor } from '../../tensor/creation.ts';
import type { Parameter } from '../../tensor/parameter.ts';

/** Copies of the values of Parameters. */
export const copyValues = (parameters: readonly Parameter[]): Promise<TypedArray[]> =>
  Promise.all(parameters.map((p) => p.data()));

/** Gives Parameters the values of copies; those without a copy keep theirs. */
export async function restoreValues(
  parameters: readonly Parameter[],
  values: readonly TypedArray[],
): Promise<void> {
  for (const [i, copy] of values.entries()) {
    const p = parameters[i]!;
    await p.assign(tensor(copy, { shape: p.shape, dtype: p.dtype, copy: false }));
  }
}
