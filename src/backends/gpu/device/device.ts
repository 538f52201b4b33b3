import type { Limits } from '../../../ir/backend.ts';

// The interface between the GPU backend and the two APIs, WebGPU and WebGL2. Everything on a device is an array of
// float32 numbers, since gpu.js supports nothing else; `encoding.ts` defines how other data types are stored.

/**
 * What a dispatch (WebGPU) or draw call (WebGL2) computes: every number of its outputs.
 *
 * `body` holds functions in the subset of WGSL that `shader/glsl.ts` can translate to GLSL. It defines
 * `fn point(i: i32) -> f32`, which returns number i of the first output. The device declares the functions that the
 * body may call: `load_k(i: i32) -> f32` returns number i of the program's input k, `value(i: i32) -> f32` number i
 * of the run's values, and `store_k(i: i32, x: f32)` writes number i of output k >= 1.
 */
export interface ShaderProgram {
  /** The operations it computes, for error messages. */
  readonly name: string;
  /** The number of its inputs, and of its outputs, at most the device's `limits.maxStores`. */
  readonly reads: number;
  readonly writes: number;
  /** Length of each output, in numbers. */
  readonly floats: number;
  readonly body: string;
  readonly usesValues: boolean;
  /** Does the body define `fn quad(i: i32) -> vec4<f32>` instead of `point`? It returns numbers i to i + 3, i a multiple of 4. */
  readonly vec4: boolean;
  /**
   * Set only for devices with workgroup memory: the number of workgroups. The body is then WGSL with its own entry
   * point `@compute fn main`; it defines no `point` and writes all outputs, from k = 0, with `store_k`.
   */
  readonly workgroups: readonly [number, number, number] | null;
}

/** One call of a program. The iterations of a loop call the same programs. */
export interface ProgramCall {
  readonly program: ShaderProgram;
  /** The plan's buffers that it reads. It writes none of them. */
  readonly inputs: readonly number[];
  /** The plan's buffers that it writes, all of the program's length. */
  readonly outputs: readonly number[];
  /** The number of the set of values that the program gets. */
  readonly valueSet: number;
}

/** A buffer of a plan: the value of a bound storage, or an output of a program. */
export interface DeviceBuffer {
  /** Length in numbers. */
  readonly floats: number;
  /** The number of the bound storage; null for an output of a program. */
  readonly bound: number | null;
}

/** A plan as a sequence of calls. Each buffer is written by at most one call, which writes all of it. */
export interface DevicePlan {
  readonly buffers: readonly DeviceBuffer[];
  readonly calls: readonly ProgramCall[];
  /** Buffers that a run returns, each once: results, new values of Parameters, and the results of checks. */
  readonly outputs: readonly number[];
  /** Length of a set of a run's encoded values, in numbers. */
  readonly values: number;
  /** The number of the sets. Each begins at a multiple of `valueStride(values)` numbers. */
  readonly valueSets: number;
}

/** Numbers from the start of one set of values to the start of the next: a multiple of 256 bytes, which devices can bind. */
export const valueStride = (values: number): number => Math.ceil(values / 64) * 64;

/** The programs that a plan calls, each once. */
export const programsOf = ({ calls }: DevicePlan): ReadonlySet<ShaderProgram> =>
  new Set(calls.map(({ program }) => program));

/** A plan compiled for a device. */
export interface DeviceExecutable<M> {
  /**
   * Issues one run, without waiting for it. `values` has all sets of values. `bound` are the arrays of the bound storages, with holes where no program
   * reads them; they are only read. Returns new arrays, one for each of the plan's `outputs`, which belong to the caller.
   * Throws or rejects with a MemoryError where memory is short, and has then issued nothing. If it returns a promise, the
   * caller issues nothing else until that settles.
   */
  issue(values: Float32Array, bound: readonly M[]): M[] | Promise<M[]>;
  /** Releases all resources of the plan. Arrays that `issue` returned stay valid. */
  release(): void;
}

/** WebGPU or WebGL2, through gpu.js. M is the API's handle for an array of numbers in device memory. */
export interface Device<M> {
  readonly name: 'webgpu' | 'webgl2';
  /** Name of the adapter, for messages. */
  readonly adapter: string;
  readonly limits: Limits;
  /** The largest number of arrays that one program may read. */
  readonly maxBuffers: number;
  /** Does the device have workgroup memory, for programs with an entry point of their own? */
  readonly tiles: boolean;
  /** The largest length of an array, in numbers. */
  readonly maxFloats: number;
  /** `bytes` of device memory are allocated, in use or kept for reuse; `used` of them are in use. */
  readonly memory: { readonly bytes: number; readonly used: number };
  /** Why the device is lost; null while it works. */
  readonly lost: string | null;
  /** Copies numbers to a new array on the device. The argument may be changed afterwards. */
  upload(data: Float32Array): M;
  /** Reads arrays back, with their values after everything issued so far. */
  download(memories: readonly M[]): Promise<Float32Array[]>;
  /** Waits until everything issued so far has finished. Rejects if the device was lost or failed. */
  finished(): Promise<void>;
  /** Frees an array. Work that was issued before may still use it. */
  release(memory: M): void;
  /** Frees memory that is kept for reuse. */
  trim(): void;
  /** Compiles a plan. Rejects with a StateError that names the operations whose program does not compile. */
  load(plan: DevicePlan): Promise<DeviceExecutable<M>>;
  /** Waits until everything issued has finished, and frees all resources. */
  destroy(): Promise<void>;
}
