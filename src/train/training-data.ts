import {
  type AnyData,
  ArrayDataset,
  type BatchCount,
  countBatches,
  type Dataset,
  openDataset,
} from '../data/dataset.ts';
import { ValueError } from '../ir/errors.ts';
import type { AnyFitOptions } from './fit-options.ts';
import { splitSamples } from './validation-split.ts';

/** What `fit` reads: open datasets. */
export interface TrainingData {
  readonly data: Dataset;
  readonly validation: Dataset | null;
  /** The batches of an epoch, as far as it is known. */
  readonly count: Partial<BatchCount>;
}

/** @throws DTypeError, ShapeError, ValueError if the data are none, or do not fit the options. */
export async function openTrainingData(given: AnyData, options: AnyFitOptions): Promise<TrainingData> {
  const { batchSize = 32, dropLast = false, epochs = 1, initialEpoch = 0, validationData } = options;
  const [data, rest] = splitValidation(await openDataset('fit', given), options);
  const validation = validationData === undefined ? rest : await openDataset('fit', validationData);
  for (const dataset of [data, validation]) {
    if (dataset !== null && !(dataset instanceof ArrayDataset) && dataset.once && epochs - initialEpoch > 1) {
      throw new ValueError(
        `[fit] got an iterator, which can be read only once, for ${epochs - initialEpoch} epochs. ` +
          'Pass a function that makes the batches again for each epoch: () => batches().',
      );
    }
  }
  const count =
    data instanceof ArrayDataset ? countBatches('fit', data.size, batchSize, dropLast) : data.count;
  return { data, validation, count };
}

/** The training samples, and the samples for validation if `validationSplit` is above 0. */
function splitValidation(
  dataset: Dataset,
  options: AnyFitOptions,
): [train: Dataset, validation: Dataset | null] {
  const { validationSplit = 0, validationData, batchSize, shuffle, dropLast } = options;
  if (dataset instanceof ArrayDataset) {
    return validationSplit === 0 || validationData !== undefined
      ? [dataset, null]
      : splitSamples(dataset, validationSplit);
  }
  const wrong = Object.entries({
    batchSize: batchSize !== undefined,
    shuffle: shuffle === true,
    dropLast: dropLast === true,
    validationSplit: validationSplit > 0,
  }).find(([, given]) => given);
  if (wrong === undefined) return [dataset, null];
  throw new ValueError(
    `[fit] got ${wrong[0]} with data that are batches already. Leave it out, or pass all samples at once: { x, y }.`,
  );
}
