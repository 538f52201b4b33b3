import { isMap, refusal } from '../ir/arguments.ts';
import type { TypedArray } from '../ir/dtype.ts';
import { copyOf } from '../optim/copy.ts';
import { checkTensor } from '../tensor/apply.ts';
import { realize, valuesOf } from '../tensor/evaluate.ts';
import { Parameter } from '../tensor/parameter.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** A tensor with the values that it had at a call. They must not be changed. */
export interface NamedValues {
  readonly name: string;
  readonly tensor: Tensor;
  readonly values: TypedArray;
}

/** Tensors by their names. */
export type NamedTensors = Readonly<Record<string, Tensor>> | ReadonlyMap<string, Tensor>;

/**
 * The tensors with their values at the time of the call.
 *
 * @throws ValueError for names that are no strings; DTypeError for values that are no tensors.
 */
export async function namedValues(operation: string, given: NamedTensors): Promise<NamedValues[]> {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw refusal(operation, 'tensors', given, 'an object or a Map of tensors by name');
  const entries = isMap(given) ? [...given] : Object.entries(given);
  for (const [name, tensor] of entries) {
    if (typeof name !== 'string') throw refusal(operation, 'the name', name, 'a string');
    checkTensor(operation, tensor);
  }
  // Parameters are copied now; other tensors do not change.
  const parameters = entries.flatMap(([, t]) => (t instanceof Parameter ? [t] : []));
  const copies = copyOf(parameters);
  await realize(...entries.flatMap(([, t]) => (t instanceof Parameter ? [] : [t])));
  const copied = new Map((await copies).map((values, i) => [parameters[i] as Tensor, values]));
  return Promise.all(
    entries.map(async ([name, tensor]) => ({
      name,
      tensor,
      values: copied.get(tensor) ?? (await valuesOf(tensor)),
    })),
  );
}
