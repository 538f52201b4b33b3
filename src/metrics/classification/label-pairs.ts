import { ShapeError, ValueError } from '../../ir/errors.ts';
import { show } from '../../tensor/shape.ts';
import type { Batch } from '../input.ts';
import { nanError } from './class-pairs.ts';

/** Whether each sample has each class, and is predicted to: 0 or 1, `[N, C]`. */
export interface LabelPairs {
  readonly truth: Uint8Array;
  readonly predicted: Uint8Array;
}

/** Reads scores `[N, C]` and labels `[N, C]` with 0 and 1. */
export function labelPairs(
  operation: string,
  { predictions, labels }: Batch,
  numClasses: number,
  threshold: number,
): LabelPairs {
  for (const [what, { shape }] of Object.entries({ predictions, labels })) {
    if (shape.length === 2 && shape[1] === numClasses) continue;
    throw new ShapeError(
      `[${operation}] ${what} have shape ${show(shape)}, wanted [N, ${numClasses}] with a threshold: an entry for each class.`,
    );
  }
  const [truth, predicted] = [new Uint8Array(labels.data.length), new Uint8Array(labels.data.length)];
  for (let i = 0; i < truth.length; i++) {
    const [row, column] = [Math.floor(i / numClasses), i % numClasses];
    const [label, score] = [labels.data[i]!, predictions.data[i]!];
    if (label !== 0 && label !== 1)
      throw new ValueError(`[${operation}] labels[${row}, ${column}] is ${label}, wanted 0 or 1.`);
    if (Number.isNaN(score)) throw nanError(operation, 'predictions', row, column);
    truth[i] = label;
    predicted[i] = score > threshold ? 1 : 0;
  }
  return { truth, predicted };
}
