import type { DeviceCopy } from './device-copy.ts';
import { allocate, type DType, type TypedArray } from './dtype.ts';

/**
 * The values of a leaf or of a computed tensor. A Parameter's storage is overwritten in place and counts its versions. A
 * backend may keep a newer copy in its own memory (`deviceCopy`); reading `array` updates the host array from it.
 */
export class Storage {
  readonly dtype: DType;
  readonly size: number;
  deviceCopy: DeviceCopy | null = null;
  version = 0;
  /** The Parameter's name, for errors. */
  name: string;
  readonly #array: TypedArray;
  /** Computes the initial values at the first use of a deferred storage, then null. */
  #make: (() => TypedArray) | null = null;

  constructor(dtype: DType, array: TypedArray, name = '') {
    this.dtype = dtype;
    this.size = array.length;
    this.#array = array;
    this.name = name;
  }

  static allocate(dtype: DType, size: number): Storage {
    return new Storage(dtype, allocate('run', dtype, size));
  }

  /** A storage whose values are computed at the first use. */
  static deferred(dtype: DType, size: number, make: () => TypedArray, name: string): Storage {
    const storage = new Storage(dtype, allocate('Parameter', dtype, size), name);
    storage.#make = make;
    return storage;
  }

  /** The up-to-date values, for reading. */
  get array(): TypedArray {
    if (this.#make !== null) {
      this.#array.set(this.#make());
      this.#make = null;
    }
    this.deviceCopy?.fetch(this.#array);
    return this.#array;
  }

  /** Takes the values from a device copy from now on. The previous copy is dropped. */
  adopt(copy: DeviceCopy): void {
    this.deviceCopy?.drop();
    this.deviceCopy = copy;
    this.#make = null;
  }

  /** The host array, for writing all values; a device copy is dropped. */
  overwrite(): TypedArray {
    this.deviceCopy?.drop();
    this.deviceCopy = null;
    this.#make = null;
    return this.#array;
  }

  /** The host array as it is, possibly out of date. */
  get hostArray(): TypedArray {
    return this.#array;
  }
}
