import { allocate, type DType, type TypedArray } from './dtype.ts';

/**
 * The array of a storage in JavaScript's memory. It is allocated when it is read or written first, so that results that
 * nobody reads need none. Device copies refer to it, since they may not refer to the storage, which the garbage collector
 * could not take then.
 */
export class HostArray {
  readonly dtype: DType;
  readonly size: number;
  #array: TypedArray | null;
  readonly #owner: string;

  /** @param owner what an error names if there is no memory for the array. */
  constructor(dtype: DType, size: number, array: TypedArray | null, owner: string) {
    this.dtype = dtype;
    this.size = size;
    this.#array = array;
    this.#owner = owner;
  }

  /** @param array null frees the memory; the next use allocates it again. */
  replace(array: TypedArray | null): void {
    this.#array = array;
  }

  get isAllocated(): boolean {
    return this.#array !== null;
  }

  /** The array as it is, possibly out of date. */
  get array(): TypedArray {
    this.#array ??= allocate(this.#owner, this.dtype, this.size);
    return this.#array;
  }
}
