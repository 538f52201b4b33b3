import { readOptions, refusal } from '../../../ir/arguments.ts';
import { ShapeError, ValueError } from '../../../ir/errors.ts';
import { checkCall, unchanged } from '../../apply.ts';
import { type Shape, show } from '../../shape.ts';
import type { Tensor } from '../../tensor.ts';
import { constantPad } from '../arrangement/join.ts';
import { slidingWindows } from '../arrangement/sliding-windows.ts';
import { floating } from '../elementwise/elementwise.ts';

export interface LocalResponseNormOptions {
  /** Factor of the mean of squares; 1e-4 by default. */
  readonly alpha?: number;
  /** Exponent; 0.75 by default. */
  readonly beta?: number;
  /** What is added to the mean of squares; 1 by default. */
  readonly k?: number;
}

/**
 * x / (k + alpha * mean)^beta, with the mean of x^2 over the `size` channels around each one, zeros beyond the first and the last
 * (Krizhevsky et al. 2012), as PyTorch's `local_response_norm`. TensorFlow has a sum in place of the mean:
 * size = 2 depth_radius + 1, and alpha = size times its own.
 *
 * @param x [..., C].
 * @param size how many channels, from (size - size % 2) / 2 before each on.
 */
export function localResponseNorm<S extends Shape>(
  x: Tensor<S>,
  size: number,
  options?: LocalResponseNormOptions,
): Tensor<S, 'float32'>;
export function localResponseNorm(x: Tensor, size: number, options?: LocalResponseNormOptions): Tensor {
  checkCall('localResponseNorm', arguments.length, 3, x);
  const { alpha, beta, k } = readOptions('localResponseNorm', options, { alpha: 1e-4, beta: 0.75, k: 1 });
  if (!Number.isInteger(size) || size < 1)
    throw refusal('localResponseNorm', 'size', size, 'a whole number from 1 up');
  for (const [name, value] of Object.entries({ alpha, beta, k })) {
    if (!Number.isFinite(value))
      throw new ValueError(`[localResponseNorm] got ${name} ${value}, wanted a finite number.`);
  }
  if (x.rank === 0)
    throw new ShapeError(`[localResponseNorm] got x ${show(x.shape)}, wanted [..., channels].`);
  const f: Tensor = floating(x);
  if (f.node.shape.at(-1) === 0) return unchanged(f);
  const before = Math.floor(size / 2);
  const widths = f.node.shape.map((_, i) => (i === f.rank - 1 ? [before, size - 1 - before] : [0, 0]));
  const squares = constantPad(f.square(), widths as [number, number][]);
  const means = slidingWindows(squares, [size], { axes: [-1] }).mean(-1);
  return f.div(means.mul(alpha).add(k).pow(beta));
}
