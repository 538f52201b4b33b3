import type { DeviceCopy } from './device-copy.ts';
import type { DType, TypedArray } from './dtype.ts';
import { HostArray } from './host-array.ts';

/**
 * The values of a leaf or of a computed tensor. A Parameter's storage is overwritten in place and counts its versions. A
 * backend may keep a newer copy in its own memory (`deviceCopy`); reading `array` updates the host array from it.
 */
export class Storage {
  readonly host: HostArray;
  deviceCopy: DeviceCopy | null = null;
  version = 0;
  /** The Parameter's name, for errors. */
  name: string;
  /** Computes the initial values at the first use of a deferred storage, then null. */
  #make: (() => TypedArray) | null = null;

  constructor(dtype: DType, values: TypedArray | { readonly size: number }, name = '') {
    const [size, array] = 'size' in values ? [values.size, null] : [values.length, values];
    this.host = new HostArray(dtype, size, array, name === '' ? 'run' : 'Parameter');
    this.name = name;
  }

  /** A storage for a result. Its host array is allocated when it is needed. */
  static forResult(dtype: DType, size: number): Storage {
    return new Storage(dtype, { size });
  }

  /** A storage whose values are computed at the first use, which allocates its memory. */
  static deferred(dtype: DType, size: number, make: () => TypedArray, name: string): Storage {
    const storage = new Storage(dtype, { size }, name);
    storage.#make = make;
    return storage;
  }

  get dtype(): DType {
    return this.host.dtype;
  }

  get size(): number {
    return this.host.size;
  }

  /** The up-to-date values, for reading. */
  get array(): TypedArray {
    if (this.#make !== null) {
      const made = this.#make();
      this.host.array.set(made);
      this.#make = null;
    }
    this.deviceCopy?.fetch();
    return this.host.array;
  }

  /** The up-to-date values for reading at once, without updating the host array: the next run may move them. */
  get view(): TypedArray {
    return this.deviceCopy?.view?.() ?? this.array;
  }

  /** The up-to-date values in a new array. */
  copy(): TypedArray {
    return this.view.slice();
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
    return this.host.array;
  }

  /** Takes an array of its type and size, which it uses as it is, as its values. */
  give(array: TypedArray): void {
    this.host.replace(array);
    this.#make = null;
  }
}
