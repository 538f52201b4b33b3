import type { DType } from './dtype.ts';
import type { Expr } from './expr.ts';
import type { Storage } from './node.ts';
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
export interface Operand {
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
  readonly a: Operand;
  readonly b: Operand;
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
  readonly updates: Operand;
  readonly indices: Operand;
  /**
   * The plan's check for an index out of range (from -size to size - 1 is in range, negatives count from the
   * end).
   */
  readonly check: number;
}

export type Source = { readonly kind: 'map' } | Reduce | Contract | Scatter;

/**
 * One loop nest. The source computes `acc` for each point of `shape` (a map computes none); the stores are
 * evaluated there, with the kernel's inputs viewed over `shape`. A store's buffer may also be an input if
 * that input is read at the same point only.
 */
export interface Kernel {
  /** The operations it computes, for people: `explain` and errors print it. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly source: Source;
  readonly inputs: readonly Access[];
  readonly stores: readonly Store[];
}

/**
 * Where a buffer's values live. `bound` and `result` are handed over at each run; the arena belongs to the
 * plan.
 */
export type Place =
  | { readonly kind: 'bound'; readonly index: number }
  | { readonly kind: 'result'; readonly index: number }
  | { readonly kind: 'arena'; readonly byteOffset: number };

export interface PlanBuffer {
  readonly dtype: DType;
  readonly size: number;
  readonly place: Place;
}

/** A condition on values: what went wrong, in words, given the offending value. */
export interface Check {
  readonly describe: (value: number) => string;
}

/**
 * Kernels in order over numbered buffers. The kernels from `commit` on overwrite bound buffers (Parameters)
 * in place; a backend runs them only if no check has failed before; none of them holds a check.
 */
export interface Plan {
  readonly buffers: readonly PlanBuffer[];
  readonly kernels: readonly Kernel[];
  readonly commit: number;
  readonly checks: readonly Check[];
  /** Bytes of the arena; buffers in it start at multiples of 64. */
  readonly arenaBytes: number;
}

/**
 * What a run is given: the plan's values (uniforms and offsets), its bound storages, and storages for its
 * results.
 */
export interface Bindings {
  readonly values: readonly number[];
  readonly bound: readonly Storage[];
  readonly results: readonly Storage[];
}

/**
 * Of the checks that failed in a run the one with the lowest number, and the smallest value that failed it.
 */
export interface Failure {
  readonly check: number;
  readonly value: number;
}

export interface Executable {
  /**
   * Runs the plan once; null says that all went well. A failure leaves every bound storage as it was.
   *
   * An asynchronous backend (one with `settle`) gives a promise, and what it is asked for (runs and reads)
   * comes to pass in the order of the calls. When the call returns, the arrays of the bound storages that have no
   * copy in the backend's memory have been read, and the results and the storages that the plan overwrites have
   * residences that are `away`. Small results should come home with the outcome of the checks, so that
   * `loss.item()` works after an awaited step. The promise rejects where the device fails. After a failure of
   * either kind the residences of the results throw `neverComputed()`, and so does every run and read that
   * needs them, asked for before or later: its promise rejects, and it overwrites nothing.
   */
  run(bindings: Bindings): Failure | null | Promise<Failure | null>;
  /**
   * Gives back what the backend holds for the plan, which is run no more; runs that were asked for come to
   * their end first.
   */
  release(): void;
}

/** How much the compiler may fuse into one kernel. */
export interface Limits {
  readonly maxInputs: number;
  readonly maxNodes: number;
  readonly maxStores: number;
}

/**
 * What runs plans. To users an object that `setBackend` takes, with a name; the rest is between ndgrad and its
 * backends, and may change with any version.
 */
export interface Backend {
  readonly name: string;
  /** The most threads that take part in a run, and why there are not more. */
  readonly threads: number;
  readonly reason: string;
  /** Bytes of the backend's own memory, and how many of them are in use. */
  readonly memory: { readonly bytes: number; readonly used: number };
  readonly limits: Limits;
  /** Would a turn of the event loop help, since the last one: are workers starting, or finalizers wanted? */
  wantsTurn(): boolean;
  compile(plan: Plan): Executable;
  /**
   * The storage's values in JavaScript's memory, valid until the storage is written next. Where they had to
   * be waited for, the array is up to date from then on.
   */
  read(storage: Storage): Storage['array'] | Promise<Storage['array']>;
  /**
   * Waits for all that has been asked for, and brings the arrays of all storages up to date; asked before another
   * backend takes over. It never rejects: values that are lost say so when they are asked for. Asynchronous
   * backends have it, and only they.
   */
  settle?(): Promise<void>;
}
