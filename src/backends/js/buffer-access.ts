import type { DType } from '../../ir/dtype.ts';
import { coalesce, evaluateOffset, type Offset, type View } from '../../ir/view.ts';
import type { Register } from './registers.ts';

/** Copies n elements of `source`, from index `from` on and `stride` apart, to `out` from index `at` on. */
export type ReadRow = (
  n: number,
  out: Register,
  at: number,
  source: Register,
  from: number,
  stride: number,
) => void;

/** Writes `from`, `from + stride`, ... to `out`. */
export const countUp: ReadRow = (n, out, at, _, from, stride) => {
  for (let i = 0, p = from; i < n; i++, p += stride) out[at + i] = p;
};

/** From this length on, `TypedArray.set` is faster than a loop although it needs a subarray. */
const BULK_COPY_LENGTH = 64;

// One function for each dtype, so that its array accesses stay monomorphic.

export const reads: { readonly [D in DType]: ReadRow } = {
  float32: (n, out, at, source, from, stride) => {
    if (stride === 1 && n >= BULK_COPY_LENGTH) out.set(source.subarray(from, from + n), at);
    else for (let i = 0, p = from; i < n; i++, p += stride) out[at + i] = source[p]!;
  },
  int32: (n, out, at, source, from, stride) => {
    if (stride === 1 && n >= BULK_COPY_LENGTH) out.set(source.subarray(from, from + n), at);
    else for (let i = 0, p = from; i < n; i++, p += stride) out[at + i] = source[p]!;
  },
  uint8: (n, out, at, source, from, stride) => {
    for (let i = 0, p = from; i < n; i++, p += stride) out[at + i] = source[p]!;
  },
  bool: (n, out, at, source, from, stride) => {
    if (stride === 1 && n >= BULK_COPY_LENGTH) out.set(source.subarray(from, from + n), at);
    else for (let i = 0, p = from; i < n; i++, p += stride) out[at + i] = source[p]!;
  },
};

/** Reads the elements at the given positions; negative positions give `fill`. */
export type Gather = (n: number, out: Register, source: Register, positions: Register, fill: number) => void;

export const gathers: { readonly [D in DType]: Gather } = {
  float32: (n, out, source, positions, fill) => {
    for (let i = 0; i < n; i++) out[i] = positions[i]! < 0 ? fill : source[positions[i]!]!;
  },
  int32: (n, out, source, positions, fill) => {
    for (let i = 0; i < n; i++) out[i] = positions[i]! < 0 ? fill : source[positions[i]!]!;
  },
  uint8: (n, out, source, positions, fill) => {
    for (let i = 0; i < n; i++) out[i] = positions[i]! < 0 ? fill : source[positions[i]!]!;
  },
  bool: (n, out, source, positions, fill) => {
    for (let i = 0; i < n; i++) out[i] = positions[i]! < 0 ? fill : source[positions[i]!]!;
  },
};

/**
 * Adds computed indices along an axis to positions. An index out of range sets the position to -1, and it stays -1.
 */
export function addIndexOffsets(
  n: number,
  positions: Register,
  index: Register,
  size: number,
  stride: number,
): void {
  for (let i = 0; i < n; i++) {
    const at = index[i]!;
    if (at < 0 || at >= size) positions[i] = -1;
    else if (positions[i]! >= 0) positions[i] = positions[i]! + at * stride;
  }
}

/** Writes n elements of x to `target` from index `at` on. Storing to a Uint8Array wraps. */
export type Write = (n: number, target: Register, at: number, x: Register) => void;

export const writes: { readonly [D in DType]: Write } = {
  float32: (n, target, at, x) => {
    if (n >= BULK_COPY_LENGTH) target.set(n === x.length ? x : x.subarray(0, n), at);
    else for (let i = 0; i < n; i++) target[at + i] = x[i]!;
  },
  int32: (n, target, at, x) => {
    if (n >= BULK_COPY_LENGTH) target.set(n === x.length ? x : x.subarray(0, n), at);
    else for (let i = 0; i < n; i++) target[at + i] = x[i]!;
  },
  uint8: (n, target, at, x) => {
    for (let i = 0; i < n; i++) target[at + i] = x[i]!;
  },
  bool: (n, target, at, x) => {
    if (n >= BULK_COPY_LENGTH) target.set(n === x.length ? x : x.subarray(0, n), at);
    else for (let i = 0; i < n; i++) target[at + i] = x[i]!;
  },
};

/**
 * Reads consecutive elements of a view in row-major order, from any start. Sequential reads are fastest.
 */
export class ViewReader {
  readonly #offset: Offset;
  readonly #shape: readonly number[];
  readonly #stride: readonly number[];
  readonly #row: number;
  readonly #step: number;
  /** Indices along all axes but the last, and the position of that row. */
  readonly #index: number[];
  #rowStart = 0;
  #column = 0;
  #next = -1;
  #origin = 0;

  constructor(view: View) {
    const { shape, strides } = coalesce(view.shape, [view.stride]);
    this.#offset = view.offset;
    this.#row = shape.pop() ?? 1;
    this.#step = strides[0]!.pop() ?? 0;
    this.#shape = shape;
    this.#stride = strides[0]!;
    this.#index = shape.map(() => 0);
  }

  /** Starts a run with the values of the plan. */
  begin(values: readonly number[]): void {
    this.#origin = evaluateOffset(this.#offset, values);
    this.#next = -1;
  }

  /** Reads elements `start` to `start + n - 1` into `out`. */
  read(start: number, n: number, readRow: ReadRow, out: Register, source: Register): void {
    if (start !== this.#next) this.#seek(start);
    for (let at = 0; at < n; ) {
      const count = Math.min(n - at, this.#row - this.#column);
      readRow(count, out, at, source, this.#rowStart + this.#column * this.#step, this.#step);
      at += count;
      this.#column += count;
      if (this.#column === this.#row) this.#nextRow();
    }
    this.#next = start + n;
  }

  #seek(start: number): void {
    this.#column = start % this.#row;
    this.#rowStart = this.#origin;
    let rest = Math.floor(start / this.#row);
    for (let axis = this.#shape.length - 1; axis >= 0; axis--) {
      const i = rest % this.#shape[axis]!;
      this.#index[axis] = i;
      this.#rowStart += i * this.#stride[axis]!;
      rest = Math.floor(rest / this.#shape[axis]!);
    }
  }

  #nextRow(): void {
    this.#column = 0;
    for (let axis = this.#shape.length - 1; axis >= 0; axis--) {
      this.#rowStart += this.#stride[axis]!;
      if (++this.#index[axis]! < this.#shape[axis]!) return;
      this.#rowStart -= this.#stride[axis]! * this.#shape[axis]!;
      this.#index[axis] = 0;
    }
  }
}
