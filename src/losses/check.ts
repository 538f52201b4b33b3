import { checkOptions, type Known, refusal } from '../ir/arguments.ts';
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

/** @throws ValueError unless an option is a finite number from 0 up. */
export function checkNotNegative(name: string, what: string, value: unknown): void {
  if (!(typeof value === 'number' && value >= 0 && value < Infinity))
    throw refusal(name, what, value, 'a number from 0 up');
}
