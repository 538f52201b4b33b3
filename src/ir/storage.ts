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
  /** null until a deferred storage needs memory. */
  #array: TypedArray | null;
  /** Computes the initial values at the first use of a deferred storage, then null. */
  #make: (() => TypedArray) | null = null;

  constructor(dtype: DType, array: TypedArray | null, name = '', size = array!.length) {
    this.dtype = dtype;
    this.size = size;
    this.#array = array;
    this.name = name;
  }

  static allocate(dtype: DType, size: number): Storage {
    return new Storage(dtype, allocate('run', dtype, size));
  }

  /** A storage whose values are computed at the first use, which allocates its memory. */
  static deferred(dtype: DType, size: number, make: () => TypedArray, name: string): Storage {
    const storage = new Storage(dtype, null, name, size);
    storage.#make = make;
    return storage;
  }

  /** The up-to-date values, for reading. */
  get array(): TypedArray {
    if (this.#make !== null) {
      const made = this.#make();
      this.hostArray.set(made);
      this.#make = null;
    }
    const array = this.hostArray;
    this.deviceCopy?.fetch(array);
    return array;
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
    return this.hostArray;
  }

  /** Takes an array of its type and size, which it uses as it is, as its values. */
  give(array: TypedArray): void {
    this.#array = array;
    this.#make = null;
  }

  /** The host array as it is, possibly out of date. */
  get hostArray(): TypedArray {
    this.#array ??= allocate('Parameter', this.dtype, this.size);
    return this.#array;
  }
}
