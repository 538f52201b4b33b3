import type { ScalarType } from './dtype.ts';
import type { Expr } from './expr.ts';
import type { Offset, View } from './view.ts';

/** One input of a kernel: the mapping from points of the loop nest to elements. */
export interface Access {
  /**
   * The plan's buffer. Null for an input without memory: its value is the position that the view gives for the point
   * (i32).
   */
  readonly buffer: number | null;
  /** View over the axes of the loop nest, without the gathered axes. */
  readonly view: View;
  /** Axes addressed by computed indices, in the order of the load's arguments. */
  readonly gather: readonly GatherAxis[];
  /**
   * The value of a load with an index out of range. Null if every index is in range (a `check` ensures it).
   */
  readonly fill: number | null;
}

export interface GatherAxis {
  readonly size: number;
  readonly stride: number;
}

/**
 * Writes an expression's values, in row-major order over the kernel's shape, to a buffer: to the whole of it, or, where a
 * loop keeps the values of several iterations, from `offset` on.
 */
export interface KernelStore {
  readonly buffer: number;
  readonly offset?: Offset | undefined;
  readonly expr: Expr;
}

export type Reducer = 'sum' | 'prod' | 'max' | 'min' | 'argmax' | 'argmin';

/** A buffer read through a view, without an expression. */
export interface BufferView {
  readonly buffer: number;
  readonly view: View;
}

/**
 * Reduces `expr` over the axes `over`, which are the innermost of its inputs' views.
 *
 * Order of accumulation (CPU backends, bit for bit): with r the row-major number of an element over `over`,
 * chunk c holds the elements with floor(r / 4096) = c. Inside a chunk, lane l of 8 starts from the identity
 * (0 for sum, 1 for prod) and takes the elements with r mod 8 = l in ascending order; the lanes combine as
 * a[l] op a[l + 4], then + 2, then + 1. Chunk results combine in rounds of neighbours (0 with 1, 2 with 3,
 * ...; an odd last one passes on) until one is left. argmax and argmin give the number r of the first extremum as i32; a
 * NaN is the extremum, and -0 equals +0. max and min propagate NaN and order -0 < +0. max starts from -Infinity, min
 * from Infinity (integers: from the smallest and largest value of the type).
 */
export interface Reduce {
  readonly kind: 'reduce';
  readonly reducer: Reducer;
  readonly over: readonly number[];
  readonly inputs: readonly Access[];
  readonly expr: Expr;
}

/**
 * Contraction: out[b, m, n] = sum over k of a[b, m, k] * b[b, k, n], where each letter stands for a group of
 * axes. The kernel's shape is [batch..., m..., n...], a's view is [batch..., m..., k...] and b's is
 * [batch..., k..., n...].
 *
 * Order of accumulation (CPU backends, bit for bit): k runs in row-major order over its axes and is divided into chunks of
 * 4096, and each chunk into blocks of 256. The products of a block (rounded) are added one by one to a sum that starts
 * at +0. The sum of a chunk is the sum of its first block, to which the sums of the later blocks are added in order. The
 * result is computed from the chunks' sums in the same way. If m or n has a single element, the result is instead a `sum`
 * of the products in the order of `Reduce`. An empty k gives 0.
 */
export interface Contract {
  readonly kind: 'contract';
  readonly type: 'f32' | 'i32';
  readonly a: BufferView;
  readonly b: BufferView;
  /** Numbers of axes in each group. */
  readonly axes: { readonly batch: number; readonly m: number; readonly k: number; readonly n: number };
}

/**
 * Starts from 0 and adds `updates` [outer..., count, inner...] into the kernel's shape [outer..., size,
 * inner...] at `indices` [count] (int32) along `axis`. Each destination takes its updates one by one in
 * ascending order.
 */
export interface Scatter {
  readonly kind: 'scatter';
  readonly type: 'f32' | 'i32';
  readonly axis: number;
  readonly updates: BufferView;
  readonly indices: BufferView;
  /**
   * The plan's check for an index out of range (from -size to size - 1 is in range, negatives count from the
   * end).
   */
  readonly check: number;
}

/** Elements in row-major order; f32 values are in a Float64Array in double precision. */
export type Elements = Float32Array | Float64Array | Int32Array | Uint8Array;

/**
 * A computation that few programs need: a scan, a sort. Its code belongs to the operation and not to the backends, so a
 * program that does not use the operation does not contain it.
 */
export interface Algorithm {
  readonly name: string;
  /** Whether operands of these shapes belong to a kernel of this shape. */
  fits(shape: readonly number[], operands: readonly (readonly number[])[]): boolean;
  /** The reference: computes `acc` at all points of the kernel from the operands' elements. */
  run(kernel: Kernel, operands: readonly Elements[], out: Elements): void;
  /** The code generator for WebAssembly, a `WasmAlgorithm` of `backends/wasm/kernels/compile.ts`. */
  compile(kernel: Kernel, source: AlgorithmSource, plan: object, stores: object): object[];
  /**
   * Kernels of other kinds that compute the same, for backends whose kernels give each element a thread of its own.
   * `addBuffer` makes a buffer for values of a type and returns its number.
   */
  rewrite(
    kernel: Kernel,
    source: AlgorithmSource,
    addBuffer: (type: ScalarType, size: number) => number,
  ): Kernel[];
}

/** `acc` comes from an algorithm over whole operands. */
export interface AlgorithmSource {
  readonly kind: 'algorithm';
  readonly type: 'f32' | 'i32';
  readonly algorithm: Algorithm;
  readonly operands: readonly BufferView[];
}

/** The computation of `acc`. */
export type KernelSource = { readonly kind: 'map' } | Reduce | Contract | Scatter | AlgorithmSource;

/**
 * One loop nest. The source computes `acc` for each point of `shape` (a map has no `acc`); then the stores are evaluated
 * at that point, with the kernel's inputs viewed over `shape`.
 */
export interface Kernel {
  readonly kind: 'kernel';
  /** The operations that it computes; `explain` and errors print it. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly source: KernelSource;
  readonly inputs: readonly Access[];
  readonly stores: readonly KernelStore[];
}
