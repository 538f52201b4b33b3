import type { Limits } from '../../../ir/backend.ts';

// What the GPU backend asks of WebGPU and of WebGL2, and what it gives them. Everything on a device is an array
// of float32 numbers, for that is what gpu.js knows; `format.ts` says how other types are written in it.

/**
 * One kernel of gpu.js: computes every number of its outputs.
 *
 * `body` holds functions in the subset of WGSL that `shader/glsl.ts` can turn into GLSL. It defines
 * `fn point(i: i32) -> f32`, number i of the (first) output, and calls, of what the device puts in front of it:
 * `load_k(i: i32) -> f32`, number i of the program's input k; `value(i: i32) -> f32`, number i of the run's
 * values; `store_k(i: i32, x: f32)` for number i of output k >= 1, where there are several outputs.
 */
export interface Program {
  /** The operations it computes, for errors. */
  readonly name: string;
  /** The plan's buffers that it reads; it writes none of them. */
  readonly inputs: readonly number[];
  /** The plan's buffers that it writes, all of the same length; one where the device's `maxStores` is 1. */
  readonly outputs: readonly number[];
  /** Numbers in each output. */
  readonly floats: number;
  readonly body: string;
  readonly usesValues: boolean;
  /** Does the body define `fn quad(i: i32) -> vec4<f32>` instead of `point`: numbers i to i + 3, for i a multiple of 4? */
  readonly quad: boolean;
  /**
   * Set only for devices with workgroup memory: the body is WGSL with an entry of its own, `@compute fn main`, of so
   * many workgroups; it defines no `point`, and writes number i of output k by `store_k(i: i32, x: f32)`, k from 0.
   */
  readonly workgroups: readonly [number, number, number] | null;
}

/** A buffer of a plan: the value of a bound storage, or what the program before writes. */
export interface DeviceBuffer {
  readonly floats: number;
  /** The number of the bound storage; null where a program writes it. */
  readonly bound: number | null;
}

/** A plan as programs in order. Each buffer is written by one program, and whole. */
export interface DevicePlan {
  readonly buffers: readonly DeviceBuffer[];
  readonly programs: readonly Program[];
  /** Buffers that outlive a run and are handed over, each once: results and new values of Parameters. */
  readonly kept: readonly number[];
  /** Numbers in a run's values. */
  readonly values: number;
}

/** A plan on a device: its compiled kernels, and memory for what it computes on the way. */
export interface DeviceProgram<M> {
  /**
   * Issues one run, without waiting for it. `bound` are the memories of the bound storages, read only, with holes where
   * no program reads them; the result are new memories, one for each of the plan's `kept`, which belong to the caller.
   * Where memory is short it throws or rejects with a MemoryError, and nothing has been issued. Of a promise the caller waits
   * for the outcome before it issues anything else.
   */
  issue(values: Float32Array, bound: readonly M[]): M[] | Promise<M[]>;
  /** Gives back all that the plan holds; memories that were handed over stay. */
  release(): void;
}

/** WebGPU or WebGL2 as gpu.js gives it. M is a device's memory for an array of numbers. */
export interface Device<M> {
  readonly name: 'webgpu' | 'webgl2';
  /** The adapter, for people. */
  readonly adapter: string;
  readonly limits: Limits;
  /** The most arrays that one program may read. */
  readonly maxBuffers: number;
  /** Has it workgroup memory, for programs with an entry of their own? */
  readonly tiles: boolean;
  /** The most numbers in one array. */
  readonly maxFloats: number;
  /** Bytes of device memory that are held (in use or kept for reuse), and those in use. */
  readonly memory: { readonly bytes: number; readonly used: number };
  /** Why the device is of no use any more; null while it is. */
  readonly lost: string | null;
  /** Copies numbers to new memory. The array may be changed afterwards. */
  upload(data: Float32Array): M;
  /** The numbers of several memories as they are after all that has been issued so far. */
  download(memories: readonly M[]): Promise<Float32Array[]>;
  /** Waits for all that has been issued so far. Rejects where the device was lost or went wrong. */
  finished(): Promise<void>;
  /** The memory is wanted no more, once what has been issued is done. */
  release(memory: M): void;
  /** Gives back memory that only waits to be used again. */
  trim(): void;
  /** Compiles a plan. Rejects with an error that names the operation whose kernel does not compile. */
  load(plan: DevicePlan): Promise<DeviceProgram<M>>;
  /** Waits for all that has been issued, and gives everything back. */
  destroy(): Promise<void>;
}
