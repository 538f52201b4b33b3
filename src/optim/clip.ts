import { checkOptions } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import { minimum } from '../tensor/ops/elementwise/arithmetic.ts';
import { clip } from '../tensor/ops/elementwise/logic.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** Limits on gradients, applied in this order; no limits by default. */
export interface ClipOptions {
  /** Limits each element to -value .. value. */
  readonly value?: number;
  /** Scales the gradient of each Parameter down to at most this L2 norm. */
  readonly norm?: number;
  /** Scales all gradients together down to at most this L2 norm (Pascanu et al. 2013). */
  readonly globalNorm?: number;
}

/** Keeps the division by a norm of 0 finite, as in PyTorch. */
const tiny = 1e-6;

export function checkClip(options: ClipOptions): void {
  checkOptions('clip', options, { value: 0, norm: 0, globalNorm: 0 });
  for (const [name, limit] of Object.entries(options)) {
    if (!(limit > 0)) throw new ValueError(`[clip] got ${name} ${limit}, wanted a number above 0.`);
  }
}

export function clipGradients(
  gradients: readonly Tensor[],
  { value, norm, globalNorm }: ClipOptions,
): Tensor[] {
  let clipped = [...gradients];
  if (value !== undefined) clipped = clipped.map((g) => clip(g, -value, value));
  if (norm !== undefined) clipped = clipped.map((g) => g.mul(factor(squaredNorm(g), norm)));
  if (globalNorm !== undefined && clipped.length > 0) {
    const scale = factor(
      clipped.map(squaredNorm).reduce((a, b) => a.add(b)),
      globalNorm,
    );
    clipped = clipped.map((g) => g.mul(scale));
  }
  return clipped;
}

const squaredNorm = (g: Tensor): Tensor => g.square().sum();

/** min(1, limit / norm). */
const factor = (squared: Tensor, limit: number): Tensor =>
  minimum(squared.sqrt().add(tiny).reciprocal().mul(limit), 1);
