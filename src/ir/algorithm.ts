import type { ScalarType } from './dtype.ts';
import type { AlgorithmSource, Kernel } from './kernel.ts';

/** Elements in row-major order; f32 values are in a Float64Array in double precision. */
export type Elements = Float32Array | Float64Array | Int32Array | Uint8Array;

/**
 * A computation that few programs need: a scan, a sort. Its code belongs to the operation and not to the backends, so a
 * program that does not use the operation does not contain it.
 */
export interface Algorithm {
  readonly name: string;
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
