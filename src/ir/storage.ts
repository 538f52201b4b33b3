import type { DeviceCopy } from './device-copy.ts';
import { type DType, dtypes, type TypedArray } from './dtype.ts';

/**
 * The values of a leaf or of a computed tensor. A Parameter's storage is overwritten in place, and counts its
 * versions. A backend may keep the values in memory of its own (`residence`); whoever asks for the array gets
 * them.
 */
export class Storage {
  readonly dtype: DType;
  readonly size: number;
  deviceCopy: DeviceCopy | null = null;
  version = 0;
  /** Whose values these are, for errors. */
  name: string;
  readonly #array: TypedArray;
  /** Gives the first values, where they have not been asked for yet. */
  #make: (() => TypedArray) | null = null;

  constructor(dtype: DType, array: TypedArray, name = '') {
    this.dtype = dtype;
    this.size = array.length;
    this.#array = array;
    this.name = name;
  }

  static allocate(dtype: DType, size: number): Storage {
    return new Storage(dtype, dtypes[dtype].allocate(size));
  }

  /** A storage whose values are made when they are asked for. */
  static deferred(dtype: DType, size: number, make: () => TypedArray, name: string): Storage {
    const storage = new Storage(dtype, dtypes[dtype].allocate(size), name);
    storage.#make = make;
    return storage;
  }

  /** The values, for reading. */
  get array(): TypedArray {
    if (this.#make !== null) {
      this.#array.set(this.#make());
      this.#make = null;
    }
    this.deviceCopy?.fetch(this.#array);
    return this.#array;
  }

  /** The array, for writing. */
  overwrite(): TypedArray {
    this.deviceCopy?.drop();
    this.deviceCopy = null;
    this.#make = null;
    return this.#array;
  }

  /** The array as it is, perhaps out of date. */
  get hostArray(): TypedArray {
    return this.#array;
  }
}
