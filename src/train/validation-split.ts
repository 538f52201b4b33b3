import type { ArrayDataset } from '../data/dataset.ts';
import { ValueError } from '../ir/errors.ts';

/** The training samples, and the last samples for validation. */
export function splitSamples(
  dataset: ArrayDataset,
  fraction: number,
): [train: ArrayDataset, validation: ArrayDataset] {
  const at = dataset.size - validationCount(dataset.size, fraction);
  if (at === 0 || at === dataset.size) {
    throw new ValueError(
      `[fit] validationSplit ${fraction} of ${dataset.size} samples leaves ${at} to train on and ${dataset.size - at} for ` +
        'validation, wanted some in both.',
    );
  }
  return dataset.split(at);
}

/** The number of samples for validation: `size * fraction`, rounded up. */
export function validationCount(size: number, fraction: number): number {
  // In floating point 100 * 0.07 is 7.000000000000001: the fraction and the product are rounded.
  return Math.ceil(size * fraction * (1 - 2 * Number.EPSILON));
}
