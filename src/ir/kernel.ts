import type { Expr } from './expr.ts';
import type { View } from './view.ts';

/** One input of a kernel: how the element for each point of the loop nest is found. */
export interface Access {
  /**
   * The plan's buffer, or null for an input that reads no memory: its value is the view's own offset at that
   * point (i32).
   */
  readonly buffer: number | null;
  /** View over the axes of the loop nest (all gathered axes taken away). */
  readonly view: View;
  /** Axes addressed by computed indices, in the order of the load's arguments. */
  readonly gather: readonly GatherAxis[];
  /**
   * The value of a load with an index out of range. Where it is null every index is in range (a `check` sees
   * to that).
   */
  readonly fill: number | null;
}

export interface GatherAxis {
  readonly size: number;
  readonly stride: number;
}

/** Writes an expression's values, in row-major order over the kernel's shape, to the whole of a buffer. */
export interface Store {
  readonly buffer: number;
  readonly expr: Expr;
}

export type Reducer = 'sum' | 'prod' | 'max' | 'min' | 'argmax' | 'argmin';

/** A buffer read through a view, without an expression in between. */
export interface BufferView {
  readonly buffer: number;
  readonly view: View;
}

/**
 * Reduces `expr` over the axes `over`, which are the innermost of its inputs' views.
 *
 * Order of accumulation (the CPU's backends, to the bit): with r the row-major number of an element over `over`,
 * chunk c holds the elements with floor(r / 4096) = c. Inside a chunk, lane l of 8 starts from the identity
 * (0 for sum, 1 for prod) and takes the elements with r mod 8 = l in ascending order; the lanes combine as
 * a[l] op a[l + 4], then + 2, then + 1. Chunk results combine in rounds of neighbours (0 with 1, 2 with 3,
 * ...; an odd last one passes on) until one is left. argmax and argmin give the first winner's r as i32, NaN
 * counting as the winner and -0 as equal to +0; max and min propagate NaN and hold -0 < +0. max starts from
 * -Infinity, min from Infinity (or the type's own ends).
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
 * Order of accumulation (the CPU's backends, to the bit): k runs in row-major order over its axes, in chunks of
 * 4096, and these in blocks of 256. Each block's products (rounded) are added one by one to a sum that starts
 * at +0; a chunk's first block's sum is the chunk's, and each later one is added to it; so too the chunks'
 * sums make the result. Where m or n counts a single element the result is instead a `sum` of the products by
 * the rule of `Reduce`. An empty k gives 0.
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

export type KernelSource = { readonly kind: 'map' } | Reduce | Contract | Scatter;

/**
 * One loop nest. The source computes `acc` for each point of `shape` (a map computes none); the stores are
 * evaluated there, with the kernel's inputs viewed over `shape`. A store's buffer may also be an input if
 * that input is read at the same point only.
 */
export interface Kernel {
  readonly kind: 'kernel';
  /** The operations it computes, for people: `explain` and errors print it. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly source: KernelSource;
  readonly inputs: readonly Access[];
  readonly stores: readonly Store[];
}
