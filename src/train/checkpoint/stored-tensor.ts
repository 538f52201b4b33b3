import type { DType, TypedArray } from '../../ir/dtype.ts';

/** The types of elements in checkpoints, by their names in safetensors files. */
export const elementTypes = {
  F64: Float64Array,
  F32: Float32Array,
  I32: Int32Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

export type ElementType = keyof typeof elementTypes;

/** A tensor as a checkpoint holds it. */
export interface StoredTensor {
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  readonly values: TypedArray | Float64Array;
}

/** How values of a data type are stored. */
export const storedTypes: Readonly<Record<DType, ElementType>> = {
  float32: 'F32',
  int32: 'I32',
  uint8: 'U8',
  bool: 'BOOL',
};

/** The tensors of a checkpoint by their names. */
export class StoredTensors {
  readonly #all = new Map<string, StoredTensor>();

  /** @throws Error for a name that is there already. */
  set(name: string, tensor: StoredTensor): void {
    if (this.#all.has(name)) throw new Error(`two tensors of the checkpoint are called '${name}'`);
    this.#all.set(name, tensor);
  }

  /** @throws Error if there is none of this name. */
  get(name: string): StoredTensor {
    const found = this.#all.get(name);
    if (found === undefined) throw new Error(`the checkpoint has no tensor '${name}'`);
    return found;
  }

  /** In the order of a file: by the size of their elements, largest first, then by name. */
  sorted(): [name: string, tensor: StoredTensor][] {
    const width = ({ values }: StoredTensor): number => values.BYTES_PER_ELEMENT;
    return [...this.#all].sort(([a, s], [b, t]) => width(t) - width(s) || (a < b ? -1 : 1));
  }
}
