import ndarray, { type NdArray } from 'ndarray';
import type { TypedArray } from '../ir/dtype.ts';
import { isContiguous, rowMajorStrides } from '../ir/view.ts';
import type { Shape } from './shape.ts';

// The border to `ndarray`: users hand ndarrays in, with any strides, and get them back. Inside stand plain
// views.

/** What an ndarray looks like, whichever copy or version of the package made it. */
export interface NdArrayLike {
  /** An array, or a store with `get` as ndarray's generic ones. */
  readonly data: ArrayLike<number> | { readonly length: number; get(index: number): number };
  readonly shape: readonly number[];
  readonly stride: readonly number[];
  readonly offset: number;
}

export function isNdArray(value: object): value is NdArrayLike {
  return 'data' in value && 'shape' in value && 'stride' in value && 'offset' in value;
}

/** The elements of an ndarray in row-major order: its own array where it already is in order. */
export function rowMajor(a: NdArrayLike): ArrayLike<number> {
  const size = a.shape.reduce((n, d) => n * d, 1);
  const inOrder = isContiguous({ shape: a.shape, stride: a.stride, offset: { base: a.offset, terms: [] } });
  const store = a.data;
  const data = 'get' in store ? Float64Array.from({ length: store.length }, (_, i) => store.get(i)) : store;
  if (inOrder && data.length === size) return data;
  const out = new Float64Array(size);
  const strides = rowMajorStrides(a.shape);
  for (let i = 0; i < size; i++) {
    let at = a.offset;
    for (let axis = 0; axis < a.shape.length; axis++) {
      at += (Math.floor(i / strides[axis]!) % a.shape[axis]!) * a.stride[axis]!;
    }
    out[i] = data[at]!;
  }
  return out;
}

export function toNdarray(data: TypedArray, shape: Shape): NdArray<TypedArray> {
  return ndarray(data, [...shape]);
}
