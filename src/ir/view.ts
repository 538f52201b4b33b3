/**
 * A view is `{ shape, stride, offset }` over a flat buffer, as in `ndarray`: element (i, j, ...) is at
 * `offset + i * stride[0] + j * stride[1] + ...`. Transpose, slice, broadcast, flip and sliding windows only create views.
 *
 * An offset may depend on values that only a run knows (the start of a slice in a loop), so it is an affine form over the
 * values of the plan: `base + sum(values[slot] * scale)`. Shapes and strides are structure and always known.
 */
export interface Offset {
  readonly base: number;
  readonly terms: readonly OffsetTerm[];
}

export interface OffsetTerm {
  readonly slot: number;
  readonly scale: number;
}

export interface View {
  readonly shape: readonly number[];
  readonly stride: readonly number[];
  readonly offset: Offset;
}

/**
 * The largest dimension, number of values in a buffer, and number of elements that are reduced to one. Kernels number them
 * with 32 bits.
 */
export const MAX_COUNT = 0x7fffffff;

const zero: Offset = { base: 0, terms: [] };

export function sizeOf(shape: readonly number[]): number {
  let n = 1;
  for (const d of shape) n *= d;
  return n;
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function rowMajorStrides(shape: readonly number[]): number[] {
  const stride = new Array<number>(shape.length);
  let s = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    stride[i] = s;
    s *= shape[i]!;
  }
  return stride;
}

/** The view of a whole buffer in row-major order. */
export function contiguous(shape: readonly number[]): View {
  return { shape, stride: rowMajorStrides(shape), offset: zero };
}

/**
 * Is the view contiguous in row-major order from the first element of the buffer? Axes of size 1 may have any stride.
 */
export function isContiguous(view: View): boolean {
  return view.offset.base === 0 && view.offset.terms.length === 0 && hasRowMajorStrides(view);
}

function hasRowMajorStrides(view: View): boolean {
  let s = 1;
  for (let i = view.shape.length - 1; i >= 0; i--) {
    const d = view.shape[i]!;
    if (d === 0) return true;
    if (d !== 1 && view.stride[i] !== s) return false;
    s *= d;
  }
  return true;
}

/** The value of an offset, given the values of a run. */
export function evaluateOffset(offset: Offset, values: ArrayLike<number>): number {
  let o = offset.base;
  for (const t of offset.terms) o += values[t.slot]! * t.scale;
  return o;
}

export function addOffsetTerm(offset: Offset, slot: number, scale: number): Offset {
  return scale === 0 ? offset : { base: offset.base, terms: [...offset.terms, { slot, scale }] };
}

/** NumPy broadcasting of a view to a larger shape: new leading axes and axes of size 1 get stride 0. */
export function broadcastView(view: View, shape: readonly number[]): View {
  if (sameShape(view.shape, shape)) return view;
  const lead = shape.length - view.shape.length;
  const stride = shape.map((d, i) =>
    i < lead || (view.shape[i - lead] === 1 && d !== 1) ? 0 : view.stride[i - lead]!,
  );
  return { shape, stride, offset: view.offset };
}

export function permuteView(view: View, axes: readonly number[]): View {
  return {
    shape: axes.map((a) => view.shape[a]!),
    stride: axes.map((a) => view.stride[a]!),
    offset: view.offset,
  };
}

/**
 * The same elements in the same row-major order with another shape, or null if no strides can express it (for example a
 * flattened transposed matrix). Adjacent axes can be merged if they are contiguous in the view, and any axis can be split.
 */
export function reshapeView(view: View, shape: readonly number[]): View | null {
  const stride = new Array<number>(shape.length).fill(0);
  if (sizeOf(shape) === 0) return { shape, stride, offset: view.offset };
  const old = view.shape.flatMap((d, i) => (d === 1 ? [] : [{ size: d, stride: view.stride[i]! }]));
  let from = 0;
  let to = 0;
  while (from < old.length) {
    // The smallest groups of old and of new axes with the same number of elements.
    let oldEnd = from + 1;
    let oldSize = old[from]!.size;
    while (shape[to] === 1) to++;
    let newEnd = to + 1;
    let newSize = shape[to]!;
    while (oldSize !== newSize) {
      if (oldSize < newSize) oldSize *= old[oldEnd++]!.size;
      else newSize *= shape[newEnd++]!;
    }
    for (let i = from; i + 1 < oldEnd; i++) {
      if (old[i]!.stride !== old[i + 1]!.stride * old[i + 1]!.size) return null;
    }
    let s = old[oldEnd - 1]!.stride;
    for (let j = newEnd - 1; j >= to; j--) {
      stride[j] = s;
      s *= shape[j]!;
    }
    from = oldEnd;
    to = newEnd;
  }
  return { shape, stride, offset: view.offset };
}

/**
 * Merges adjacent axes that are contiguous in all views, and drops axes of size 1: the same loop with fewer levels and the
 * same order of elements. Axes of different groups are not merged; `groups` are the numbers of axes of each group.
 */
export function coalesce(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
  groups: readonly number[] = [shape.length],
): { shape: number[]; strides: number[][]; groups: number[] } {
  const outShape: number[] = [];
  const outStrides: number[][] = strides.map(() => []);
  const outGroups: number[] = [];
  let axis = 0;
  for (const length of groups) {
    const start = outShape.length;
    for (const end = axis + length; axis < end; axis++) {
      const d = shape[axis]!;
      if (d === 1) continue;
      const last = outShape.length - 1;
      if (last >= start && strides.every((s, k) => outStrides[k]![last] === s[axis]! * d)) {
        outShape[last]! *= d;
        strides.forEach((s, k) => {
          outStrides[k]![last] = s[axis]!;
        });
      } else {
        outShape.push(d);
        strides.forEach((s, k) => {
          outStrides[k]!.push(s[axis]!);
        });
      }
    }
    outGroups.push(outShape.length - start);
  }
  return { shape: outShape, strides: outStrides, groups: outGroups };
}
