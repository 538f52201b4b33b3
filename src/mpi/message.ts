import { deserialize, serialize } from 'node:v8';
import { isPlain } from '../ir/arguments.ts';
import type { DType, TypedArray } from '../ir/dtype.ts';
import { fromArray } from '../tensor/creation.ts';
import { valuesOf } from '../tensor/evaluate.ts';
import { Tensor } from '../tensor/tensor.ts';

/** What stands for a tensor in a message. */
interface SentTensor {
  readonly $tensor: readonly [values: TypedArray, shape: readonly number[], dtype: DType];
}

/** Tensors, arrays, records, numbers and strings as bytes. */
export async function pack(value: unknown): Promise<Uint8Array> {
  const replace = async (item: unknown): Promise<unknown> => {
    if (item instanceof Tensor)
      return { $tensor: [await valuesOf(item), item.shape, item.dtype] } satisfies SentTensor;
    if (Array.isArray(item)) return Promise.all(item.map(replace));
    if (!isPlain(item)) return item;
    const entries = Object.entries(item).map(async ([key, part]) => [key, await replace(part)] as const);
    return Object.fromEntries(await Promise.all(entries));
  };
  const { buffer, byteOffset, length } = serialize(await replace(value));
  return new Uint8Array(buffer, byteOffset, length);
}

/** What `pack` was given. */
export function unpack(bytes: Uint8Array): unknown {
  const restore = (item: unknown): unknown => {
    if (Array.isArray(item)) return item.map(restore);
    if (!isPlain(item)) return item;
    if ('$tensor' in item) {
      const [values, shape, dtype] = (item as unknown as SentTensor).$tensor;
      return fromArray(values, shape, dtype);
    }
    return Object.fromEntries(Object.entries(item).map(([key, part]) => [key, restore(part)]));
  };
  return restore(deserialize(bytes));
}
