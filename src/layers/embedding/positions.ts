import { arange } from '../../tensor/creation.ts';
import { expandDims } from '../../tensor/ops/arrangement/views.ts';
import { exp } from '../../tensor/ops/elementwise/math.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Context } from '../base/context.ts';

/** The positions of `length` steps of a sequence, int32 [length]: from 0 on, or after those that were decoded before. */
export function positionsOf(length: number, ctx: Context): Tensor {
  const positions: Tensor = arange(length);
  return ctx.decoding === undefined ? positions : positions.add(ctx.decoding.position);
}

const LOG_10000 = 9.210340371976184;

/** position * 10000^(-2 i / features) for i from 0 to features / 2 - 1: float32 [length, features / 2]. */
export function angles(positions: Tensor, features: number): Tensor {
  const frequencies = exp((arange(features / 2) as Tensor).mul((-2 * LOG_10000) / features));
  return expandDims(positions, -1).mul(frequencies);
}
