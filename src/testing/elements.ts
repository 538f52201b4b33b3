import { describe } from '../ir/arguments.ts';
import type { DType } from '../ir/dtype.ts';
import { ValueError } from '../ir/errors.ts';
import { type NumberArray, numberArray, typedArrayName } from '../ir/typed-array.ts';
import { rowMajorStrides } from '../ir/view.ts';
import { isNdArray, type NdArrayLike, rowMajor } from '../tensor/border.ts';
import { type NestedArray, readNested } from '../tensor/creation.ts';
import { type Shape, show } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';

/** What comparisons take. */
export type Comparable = Tensor | number | boolean | NestedArray | NumberArray | NdArrayLike;

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
  const flat = numberArray(x);
  if (flat !== null) return { shape: [flat.length], data: flat, dtypes: dtypesOf(flat) };
  if (Array.isArray(x)) {
    const { shape, rows, dtype } = readNested('assertClose', x);
    return {
      shape,
      data: [...rows].flatMap((row) => Array.from(row, Number)),
      dtypes: dtype === 'bool' ? ['bool'] : null,
    };
  }
  if (typeof x === 'object' && x !== null && isNdArray(x)) {
    return { shape: x.shape, data: rowMajor('assertClose', 'an ndarray', x), dtypes: dtypesOf(x.data) };
  }
  throw new ValueError(
    `[assertClose] got ${describe(x)}, wanted a tensor, a number, nested arrays, a typed array or an ndarray.`,
  );
}

function dtypesOf(data: object): readonly DType[] | null {
  const name = typedArrayName(data);
  if (name === 'Float32Array') return ['float32'];
  if (name === 'Int32Array') return ['int32'];
  return name === 'Uint8Array' ? ['uint8', 'bool'] : null;
}

/** The indices of element number i: `[1, 0]`. */
export function placeOf(i: number, shape: Shape): string {
  return show(rowMajorStrides(shape).map((s, axis) => Math.floor(i / s) % shape[axis]!));
}
