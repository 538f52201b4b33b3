import type { DType } from '../ir/dtype.ts';
import type { Shape } from './shape.ts';

// What the compiler knows of data types. `DType` itself means that nothing is known.

/** What typed arrays have in common, with one signature each, so that calls on a union of them compile. */
interface NumberArray {
  reduce(combine: (previous: number, value: number, index: number) => number): number;
  reduce<T>(combine: (previous: T, value: number, index: number) => T, initial: T): T;
  reduceRight<T>(combine: (previous: T, value: number, index: number) => T, initial: T): T;
  map(f: (value: number, index: number) => number): AnyArray;
  filter(keep: (value: number, index: number) => boolean): AnyArray;
  slice(start?: number, end?: number): AnyArray;
  subarray(start?: number, end?: number): AnyArray;
}

/** The array of a tensor whose data type is not known. */
type AnyArray = NumberArray & (DataArray<'float32'> | DataArray<'int32'> | DataArray<'uint8'>);

/**
 * The array that holds the values of a tensor: `Float32Array` for float32, ... `slice` gives an array with an
 * ArrayBuffer of its own, in versions of TypeScript that tell buffers apart.
 */
export type DataArray<D extends DType> = [D] extends ['float32']
  ? ReturnType<Float32Array['slice']>
  : [D] extends ['int32']
    ? ReturnType<Int32Array['slice']>
    : [D] extends ['uint8' | 'bool']
      ? ReturnType<Uint8Array['slice']>
      : AnyArray;

/** One value: a boolean for bool, else a number. */
type Value<D extends DType> = [D] extends ['bool']
  ? boolean
  : [D] extends ['float32' | 'int32' | 'uint8']
    ? number
    : // biome-ignore lint/suspicious/noExplicitAny: numbers or booleans, known when the program runs
      any;

/** The values as nested arrays; `any` where the rank is not known. */
export type NestedValues<S extends Shape, D extends DType> = S extends readonly []
  ? Value<D>
  : S extends readonly [number, ...infer T extends Shape]
    ? NestedValues<T, D>[]
    : // biome-ignore lint/suspicious/noExplicitAny: indexing any number of times must compile
      any;

/** The wider of two data types: bool < uint8 < int32 < float32. */
export type Common<D extends DType, E extends DType> = [D] extends ['float32']
  ? 'float32'
  : [E] extends ['float32']
    ? 'float32'
    : [D] extends ['int32']
      ? [E] extends ['int32' | 'uint8' | 'bool']
        ? 'int32'
        : DType
      : [D] extends ['uint8']
        ? [E] extends ['uint8' | 'bool']
          ? 'uint8'
          : E
        : [D] extends ['bool']
          ? E
          : DType;

/** The data type of arithmetic on a tensor of D: bools count as int32. */
export type Numeric<D extends DType> = [D] extends ['bool'] ? 'int32' : D;

/** The data type of arithmetic on two tensors. */
export type Promoted<D extends DType, E extends DType> = Numeric<Common<D, E>>;

/** The data type of a sum or product over axes. */
export type Summed<D extends DType> = [D] extends ['float32']
  ? 'float32'
  : [D] extends ['int32' | 'uint8' | 'bool']
    ? 'int32'
    : DType;
