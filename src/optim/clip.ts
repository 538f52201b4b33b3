import { checkOptions, refusal } from '../ir/arguments.ts';
import { clip, where } from '../tensor/ops/elementwise/logic.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Limits on gradients, applied in this order; no limits by default. */
export interface ClipOptions {
  /**
   * Limits each element to -value .. value, infinite ones too, as PyTorch does: then a step may succeed though a gradient
   * was infinite. NaN stays NaN.
   */
  readonly value?: number;
  /** Scales the gradient of each Parameter down to at most this L2 norm, without PyTorch's 1e-6 in the divisor. */
  readonly norm?: number;
  /** Scales all gradients together down to at most this L2 norm (Pascanu et al. 2013), in the same way. */
  readonly globalNorm?: number;
}

export function checkClip(optimizer: string, options: ClipOptions): void {
  checkOptions(optimizer, options, { value: 0, norm: 0, globalNorm: 0 }, 'clip');
  for (const [name, limit] of Object.entries(options)) {
    if (limit === undefined || (typeof limit === 'number' && limit > 0)) continue;
    throw refusal(optimizer, `clip.${name}`, limit, 'a number above 0');
  }
}

export function clipGradients(
  gradients: readonly Tensor[],
  { value, norm, globalNorm }: ClipOptions,
): Tensor[] {
  let clipped = [...gradients];
  if (value !== undefined) clipped = clipped.map((g) => clip(g, -value, value));
  if (norm !== undefined) clipped = clipped.flatMap((g) => limitNorm([g], norm));
  if (globalNorm !== undefined && clipped.length > 0) clipped = limitNorm(clipped, globalNorm);
  return clipped;
}

/** Scales gradients down to a common L2 norm of at most `limit`: g / norm * limit where norm > limit, else g. */
function limitNorm(gradients: readonly Tensor[], limit: number): Tensor[] {
  const squared = (scaled: readonly Tensor[]): Tensor =>
    scaled.map((g) => g.square().sum()).reduce((a, b) => a.add(b));
  // Scales norms from 2^64 and below 2^-30, whose squares leave float32, by 2^-84 and 2^90 (Blue 1978). Multiplying by
  // a power of 2 is exact.
  const plain = squared(gradients);
  const small = where(plain.less(8.673617379884035e-19), 1.2379400392853803e27, 1);
  const scale = where(plain.equal(Number.POSITIVE_INFINITY), 5.169878828456423e-26, small);
  const scaled = gradients.map((g) => g.mul(scale));
  const norm = squared(scaled).sqrt();
  const within = norm.lessEqual(scale.mul(limit));
  return gradients.map((g, i) => where(within, g, scaled[i]!.div(norm).mul(limit)));
}
