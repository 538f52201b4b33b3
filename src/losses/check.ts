import { checkOptions, type Known } from '../ir/arguments.ts';
import { checkCall, checkTensor } from '../tensor/apply.ts';
import type { LossOptions } from './reduction.ts';

export const lossOptions: Known<LossOptions> = { sampleWeights: 0, reduction: 0 };

/** The border of a loss: two Tensors and options. */
export function checkLossCall(
  name: string,
  count: number,
  predictions: unknown,
  targets: unknown,
  options: unknown,
  known: object = lossOptions,
): void {
  checkCall(name, count, 3, predictions);
  checkTensor(name, targets);
  checkOptions(name, options, known);
}
