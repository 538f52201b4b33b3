import { checkOptions, refusal } from '../../ir/arguments.ts';
import type { Tensor } from '../../tensor/tensor.ts';

/** A penalty on the size of a Parameter: l1 * sum(|w|) + l2 * sum(w^2), as in Keras. */
export interface Penalty {
  /** The factor of the sum of absolute values; 0 by default. */
  readonly l1?: number;
  /** The factor of the sum of squares; 0 by default. */
  readonly l2?: number;
}

/** @throws ValueError unless it is a penalty or undefined. */
export function checkPenalty(layer: string, what: string, penalty: Penalty | undefined): void {
  checkOptions(layer, penalty, { l1: 0, l2: 0 }, what);
  for (const [name, factor] of Object.entries({ ...penalty })) {
    if (factor === undefined || (Number.isFinite(factor) && factor >= 0)) continue;
    throw refusal(layer, `${what}.${name}`, factor, 'a finite number from 0 up');
  }
}

/** The penalty on w, a scalar. */
export function penaltyOf(w: Tensor, { l1 = 0, l2 = 0 }: Penalty): Tensor {
  const absolute = w.abs().sum().mul(l1);
  const squared = w.square().sum().mul(l2);
  return l2 === 0 ? absolute : l1 === 0 ? squared : absolute.add(squared);
}
