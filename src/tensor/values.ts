import type { DType } from '../ir/dtype.ts';
import type { Plain, Shape } from './shape.ts';
import type { Tensor } from './tensor.ts';

// What `tensor` knows of its values when the program is written.

type IsAny<V> = 0 extends V & 1 ? true : false;

interface Tagged<Tag extends string> {
  readonly [Symbol.toStringTag]: Tag;
  readonly BYTES_PER_ELEMENT: number;
}

/** The shape of values: dimensions of literal arrays are known, of others only their number. */
type ShapeOfValues<V> =
  IsAny<V> extends true
    ? Shape
    : [V] extends [Tensor<infer S>]
      ? S
      : [V] extends [number | boolean]
        ? []
        : [V] extends [Tagged<string>]
          ? [number]
          : [V] extends [readonly unknown[]]
            ? ShapeOfArray<V>
            : Shape;

type ShapeOfArray<V extends readonly unknown[]> = V['length'] extends infer N extends number
  ? [IsAny<V[0]>] extends [true]
    ? Shape
    : [V[0]] extends [undefined]
      ? [N]
      : ShapeOfValues<V[number]> extends infer T extends Shape
        ? number extends T['length']
          ? Shape
          : [N, ...T]
        : Shape
  : Shape;

/** The data type of values; see `TensorOptions.dtype`. */
type DTypeOfValues<V> =
  IsAny<V> extends true
    ? DType
    : [V] extends [Tensor<Shape, infer D>]
      ? D
      : [V] extends [boolean]
        ? 'bool'
        : [V] extends [number | Tagged<'Float32Array' | 'Float64Array'>]
          ? 'float32'
          : [V] extends [Tagged<'Uint8Array' | 'Uint8ClampedArray'>]
            ? 'uint8'
            : [V] extends [Tagged<'Int32Array' | 'Int16Array' | 'Int8Array' | 'Uint16Array' | 'Uint32Array'>]
              ? 'int32'
              : [V] extends [readonly unknown[]]
                ? DTypeOfArray<V[number]>
                : DType;

type DTypeOfArray<E> = [E] extends [number | Tagged<string>]
  ? 'float32'
  : [E] extends [boolean]
    ? 'bool'
    : [E] extends [number | boolean]
      ? 'float32'
      : [E] extends [readonly (infer F)[]]
        ? DTypeOfArray<F>
        : DType;

/** The shape of a tensor of values V with options O. */
export type GivenShape<V, O> = 'shape' extends keyof O
  ? O extends { readonly shape: infer S extends Shape }
    ? Plain<S>
    : Shape
  : ShapeOfValues<V>;

/** The data type of a tensor of values V with options O. */
export type GivenDType<V, O> = 'dtype' extends keyof O
  ? O extends { readonly dtype: infer D extends DType }
    ? D
    : DType
  : DTypeOfValues<V>;

/** Refuses properties of O other than K. */
export type Only<O, K extends string> = { readonly [P in Exclude<keyof O, K>]: never };
