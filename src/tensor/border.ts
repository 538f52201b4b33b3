import type { NdArray } from 'ndarray';
import type { TypedArray } from '../ir/dtype.ts';
import { ShapeError } from '../ir/errors.ts';
import { numberArray } from '../ir/typed-array.ts';
import { isContiguous, rowMajorStrides, sizeOf } from '../ir/view.ts';
import { type Shape, show } from './shape.ts';

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

/**
 * The elements of an ndarray in row-major order: its own array where it already is in order.
 *
 * @throws ShapeError where shape, stride and offset reach beyond the data.
 */
export function rowMajor(operation: string, what: string, a: NdArrayLike): ArrayLike<number> {
  const { shape, stride, offset } = a;
  const reach = shape.map((d, axis) => (d - 1) * stride[axis]!);
  const first = reach.reduce((at, r) => at + Math.min(r, 0), offset);
  const last = reach.reduce((at, r) => at + Math.max(r, 0), offset);
  const size = sizeOf(shape);
  const whole = [offset, ...shape, ...stride].every(Number.isInteger) && shape.every((d) => d >= 0);
  if (!whole || stride.length !== shape.length || (size > 0 && !(first >= 0 && last < a.data.length))) {
    throw new ShapeError(
      `[${operation}] ${what} of shape ${show(shape)}, stride ${show(stride)} and offset ${offset} reads the elements ` +
        `${first} to ${last} of ${a.data.length}. Pass a shape, strides and an offset that fit the data.`,
    );
  }
  const inOrder = isContiguous({ shape, stride, offset: { base: offset, terms: [] } });
  const store = a.data;
  const data = 'get' in store ? Float64Array.from({ length: store.length }, (_, i) => store.get(i)) : store;
  if (inOrder && data.length === size) return numberArray(data) ?? data;
  const out = new Float64Array(size);
  const strides = rowMajorStrides(shape);
  for (let i = 0; i < size; i++) {
    let at = offset;
    for (let axis = 0; axis < shape.length; axis++) {
      at += (Math.floor(i / strides[axis]!) % shape[axis]!) * stride[axis]!;
    }
    out[i] = data[at]!;
  }
  return out;
}

/** The package is loaded at the first call: few programs need its constructor, and it uses `new Function`. */
export async function toNdarray(data: TypedArray, shape: Shape): Promise<NdArray<TypedArray>> {
  const { default: ndarray } = await import('ndarray');
  return ndarray(data, [...shape]);
}
