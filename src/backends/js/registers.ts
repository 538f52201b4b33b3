import type { ScalarType } from '../../ir/dtype.ts';

/** Elements that a kernel processes at a time, so few that its registers stay in the cache. */
export const BLOCK_LENGTH = 512;

export type FloatArray = Float32Array | Float64Array;

/**
 * One value for each element of a block; also the array of a buffer. Bools are 0 and 1. u32 values are stored as their bits
 * in an Int32Array, since most integer operations are the same for signed and unsigned values.
 */
export type Register = FloatArray | Int32Array | Uint8Array;

/**
 * A loop over one block: `out[i] = operation(a[i], b[i], c[i])` for i < n. `out` may be one of the arguments.
 */
export type ElementwiseLoop = (n: number, out: Register, a: Register, b: Register, c: Register) => void;

type Pools = { readonly [T in ScalarType]: Register[] };

/**
 * The registers of all kernels of one precision. Kernels share them, because they run one after the other and no value in a
 * register outlives its kernel.
 */
export class RegisterFile {
  readonly make: (type: ScalarType, size: number) => Register;
  readonly #pools: Pools = { f32: [], i32: [], u32: [], bool: [] };
  readonly #areas = new Map<string, Register>();

  constructor(float: (size: number) => FloatArray) {
    this.make = (type, size) => {
      if (type === 'f32') return float(size);
      return type === 'bool' ? new Uint8Array(size) : new Int32Array(size);
    };
  }

  at(type: ScalarType, i: number): Register {
    const pool = this.#pools[type];
    while (pool.length <= i) pool.push(this.make(type, BLOCK_LENGTH));
    return pool[i]!;
  }

  /** A larger array of fixed size that kernels share; `use` names its purpose. */
  sharedArea(type: ScalarType, use: string, size: number): Register {
    const key = `${type} ${use}`;
    const area = this.#areas.get(key) ?? this.make(type, size);
    this.#areas.set(key, area);
    return area;
  }

  /** An array of at least `size` elements that kernels share; it grows to the maximum. */
  growingArea(type: ScalarType, size: number): Register {
    const area = this.#areas.get(type);
    if (area !== undefined && area.length >= size) return area;
    const larger = this.make(type, Math.max(size, 2 * (area?.length ?? 0)));
    this.#areas.set(type, larger);
    return larger;
  }
}

/** Allocates the registers of one kernel during compilation. */
export class RegisterAllocator {
  readonly #file: RegisterFile;
  readonly #used = { f32: 0, i32: 0, u32: 0, bool: 0 };
  readonly #free: Pools = { f32: [], i32: [], u32: [], bool: [] };

  constructor(file: RegisterFile) {
    this.#file = file;
  }

  /** A register that no other value of the kernel uses. */
  takePermanent(type: ScalarType): Register {
    return this.#file.at(type, this.#used[type]++);
  }

  /** A register that may be reused after `release`. */
  take(type: ScalarType): Register {
    return this.#free[type].pop() ?? this.takePermanent(type);
  }

  release(type: ScalarType, register: Register): void {
    this.#free[type].push(register);
  }
}
