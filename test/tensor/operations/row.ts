import type { OperationName } from '../invoke.ts';
import type { Behavior } from './behaviors.ts';
import type { InvalidCall } from './invalid-calls.ts';

/**
 * How exact results on a GPU are.
 *
 * - `exact`: nothing is rounded, or IEEE 754's rules for the rounding hold in WGSL and GLSL too.
 * - `arithmetic`: 1e-6. Devices divide and take roots within 2.5 units in the last place (WGSL, 15.7.4), which is 3e-7.
 * - `intrinsic`: 1e-5, the project's promise for elementary functions on a GPU.
 * - `sum`: 1e-5 of the sum of magnitudes, its promise for sums and contractions of up to 4,096 terms.
 */
export type GpuAccuracy = 'exact' | 'arithmetic' | 'intrinsic' | 'sum';

/** Everything that tests need to know about one operation. */
export interface OperationRow extends Behavior {
  /** Calls that must throw; null if the operation accepts tensors of every shape. */
  readonly invalid: readonly InvalidCall[] | null;
  readonly gpu: GpuAccuracy;
}

export type OperationRows = { readonly [N in OperationName]?: OperationRow };
