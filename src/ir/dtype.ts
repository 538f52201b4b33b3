import { DTypeError, MemoryError } from './errors.ts';

/** Element types of a tensor. `bool` and `uint8` are stored in a Uint8Array, one byte per element. */
export type DType = 'float32' | 'int32' | 'uint8' | 'bool';

/** Types of the scalar expression language. `uint8` is computed as `i32` and wrapped when it is stored. */
export type ScalarType = 'f32' | 'i32' | 'u32' | 'bool';

export type TypedArray = Float32Array | Int32Array | Uint8Array;

interface DTypeInfo {
  readonly bytes: number;
  readonly scalar: ScalarType;
  /** Position in the promotion order bool < uint8 < int32 < float32. */
  readonly rank: number;
  readonly allocate: (size: number) => TypedArray;
  readonly on: (buffer: ArrayBufferLike, byteOffset: number, size: number) => TypedArray;
}

export const dtypes: { readonly [D in DType]: DTypeInfo } = {
  float32: {
    bytes: 4,
    scalar: 'f32',
    rank: 3,
    allocate: (n) => new Float32Array(n),
    on: (b, o, n) => new Float32Array(b, o, n),
  },
  int32: {
    bytes: 4,
    scalar: 'i32',
    rank: 2,
    allocate: (n) => new Int32Array(n),
    on: (b, o, n) => new Int32Array(b, o, n),
  },
  uint8: {
    bytes: 1,
    scalar: 'i32',
    rank: 1,
    allocate: (n) => new Uint8Array(n),
    on: (b, o, n) => new Uint8Array(b, o, n),
  },
  bool: {
    bytes: 1,
    scalar: 'bool',
    rank: 0,
    allocate: (n) => new Uint8Array(n),
    on: (b, o, n) => new Uint8Array(b, o, n),
  },
};

export function checkDType(operation: string, dtype: DType): void {
  if (!Object.hasOwn(dtypes, dtype)) {
    const hint = typeof dtype === 'object' ? ' Write the name alone, without an object.' : '';
    throw new DTypeError(
      `[${operation}] got dtype ${hint ? 'an object' : String(dtype)}, wanted ${Object.keys(dtypes).join(', ')}.${hint}`,
    );
  }
}

/**
 * An array of zeros.
 *
 * @throws MemoryError if JavaScript can't make one of this size.
 */
export function allocate(operation: string, dtype: DType, size: number): TypedArray {
  try {
    return dtypes[dtype].allocate(size);
  } catch {
    throw new MemoryError(
      `[${operation}] ${size} ${dtype} values do not fit into JavaScript's memory. Use smaller tensors.`,
    );
  }
}

/** Can the data type represent this number (float32: up to rounding)? */
export function fits(value: number, dtype: DType): boolean {
  if (dtype === 'float32') return true;
  if (dtype === 'int32') return value === (value | 0);
  return Number.isInteger(value) && value >= 0 && value <= (dtype === 'bool' ? 1 : 255);
}

/** The data type to which two data types promote: the wider one in bool < uint8 < int32 < float32. */
export function promote(a: DType, b: DType): DType {
  return dtypes[a].rank >= dtypes[b].rank ? a : b;
}
