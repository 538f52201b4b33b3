import { where } from '../tensor/ops/elementwise/logic.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** 2^62. */
const limit = 4.611686018427388e18;

/**
 * A gradient for optimizers that keep squares: its elements limited to -2^62 .. 2^62, so that squares and squares of
 * differences are finite. An infinite element becomes NaN: it is a fault, not a large gradient.
 */
export function squarable(g: Tensor): Tensor {
  // Comparisons cost less than maximum and minimum, which WebAssembly defines for -0 and NaN too.
  const limited = where(g.greater(limit), limit, where(g.less(-limit), -limit, g));
  return limited.sub(g.sub(g));
}
