import { checkArray } from '../ir/arguments.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { checkFraction, checkNotNegative } from './check.ts';
import { decayed, type OptimizerOptions, type Slots } from './optimizer.ts';
import { squarable } from './squarable.ts';

// The running means that the relatives of Adam keep.

/** The options of optimizers that keep running means of g and g^2. */
export interface MomentOptions extends OptimizerOptions {
  /** The fractions of the running means of g and g^2 that each step keeps; [0.9, 0.999] by default. */
  readonly betas?: readonly [number, number];
  /** Added to the square root; 1e-8 by default. */
  readonly epsilon?: number;
  /** Adds weightDecay * p to the gradient; 0 by default. */
  readonly weightDecay?: number;
}

export const momentDefaults = {
  betas: [0.9, 0.999],
  epsilon: 1e-8,
  weightDecay: 0,
  clip: {},
} as const;

/** @throws ValueError unless the options have the values that they may have. */
export function checkMoments(
  optimizer: string,
  { betas, epsilon, weightDecay }: Required<Pick<MomentOptions, 'betas' | 'epsilon' | 'weightDecay'>>,
): void {
  checkArray(optimizer, 'betas', betas, '[0.9, 0.999]');
  checkFraction(optimizer, { 'betas[0]': betas[0], 'betas[1]': betas[1] });
  checkNotNegative(optimizer, { epsilon, weightDecay });
}

/** The gradient with weight decay, and the running means m of it and v of its square. */
export function moments(
  p: Tensor,
  gradient: Tensor,
  slots: Slots<'m' | 'v'>,
  [beta1, beta2]: readonly [number, number],
  weightDecay: number,
): Readonly<Record<'g' | 'm' | 'v', Tensor>> {
  const g = squarable(decayed(gradient, p, weightDecay));
  return {
    g,
    m: slots.m.mul(beta1).add(g.mul(1 - beta1)),
    v: slots.v.mul(beta2).add(g.square().mul(1 - beta2)),
  };
}
