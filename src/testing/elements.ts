import { describe } from '../ir/arguments.ts';
import type { DType } from '../ir/dtype.ts';
import { ShapeError, ValueError } from '../ir/errors.ts';
import { rowMajorStrides } from '../ir/view.ts';
import { isNdArray, type NdArrayLike, rowMajor } from '../tensor/border.ts';
import type { NestedArray } from '../tensor/creation.ts';
import { type Shape, show } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** What comparisons take. */
export type Comparable =
  | Tensor
  | number
  | boolean
  | NestedArray
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint8Array
  | NdArrayLike;

export interface Elements {
  readonly shape: Shape;
  readonly data: ArrayLike<number>;
  /**
   * The data types that the values can be of; null where the side does not say (JavaScript numbers,
   * Float64Array).
   */
  readonly dtypes: readonly DType[] | null;
}

/** Shape, data type and values of one side of a comparison. */
export function elementsOf(x: Comparable): Elements {
  if (x instanceof Tensor) return { shape: x.shape, data: x.dataSync(), dtypes: [x.dtype] };
  if (typeof x === 'number') return { shape: [], data: [x], dtypes: null };
  if (typeof x === 'boolean') return { shape: [], data: [Number(x)], dtypes: ['bool'] };
  if (ArrayBuffer.isView(x)) return { shape: [x.length], data: x, dtypes: dtypesOf(x) };
  if (isNested(x)) return readNested(x);
  if (typeof x === 'object' && x !== null && isNdArray(x)) {
    return { shape: x.shape, data: rowMajor(x), dtypes: dtypesOf(x.data) };
  }
  throw new ValueError(
    `[assertClose] got ${describe(x)}, wanted a tensor, a number, nested arrays, a typed array or an ndarray.`,
  );
}

const isNested = (x: unknown): x is NestedArray => Array.isArray(x);

function dtypesOf(data: ArrayLike<number>): readonly DType[] | null {
  if (data instanceof Float32Array) return ['float32'];
  if (data instanceof Int32Array) return ['int32'];
  return data instanceof Uint8Array ? ['uint8', 'bool'] : null;
}

function readNested(nested: NestedArray): Elements {
  const shape: number[] = [];
  for (let level: unknown = nested; Array.isArray(level); level = level[0]) shape.push(level.length);
  const data: number[] = [];
  let booleans = 0;
  const walk = (level: NestedArray, axis: number): void => {
    const fits = level.length === shape[axis];
    for (const item of level) {
      if (isNested(item)) {
        walk(item, axis + 1);
        continue;
      }
      if (axis + 1 !== shape.length) ragged(shape);
      if (typeof item === 'boolean') booleans++;
      data.push(Number(item));
    }
    if (!fits) ragged(shape);
  };
  walk(nested, 0);
  return { shape, data, dtypes: booleans > 0 && booleans === data.length ? ['bool'] : null };
}

function ragged(shape: Shape): never {
  throw new ShapeError(
    `[assertClose] nested arrays are ragged: they start like ${show(shape)}. Give every level one length.`,
  );
}

/** The indices of element number i: `[1, 0]`. */
export function placeOf(i: number, shape: Shape): string {
  return show(rowMajorStrides(shape).map((s, axis) => Math.floor(i / s) % shape[axis]!));
}
