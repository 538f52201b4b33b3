import { checkCount, readOptions } from '../ir/arguments.ts';
import { ShapeError } from '../ir/errors.ts';
import { show } from '../tensor/shape.ts';
import type { Batch } from './input.ts';
import { type MetricOptions, SampleMean } from './metric.ts';

/**
 * The mean of (prediction - label)² over all entries. Predictions and labels have the same shape, `[N]` or `[N, ...]`. A
 * sample weight applies to the whole row. NaN stays NaN until `reset`.
 *
 * @throws ShapeError if the shapes differ. `[N, 1]` and `[N]` are not broadcast to N × N differences, as in NumPy.
 */
export class MeanSquaredError extends SampleMean {
  static readonly kind: string = 'MeanSquaredError';
  readonly direction = 'min';

  constructor(options?: MetricOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    super(readOptions(new.target.kind, options, { name: 'meanSquaredError' }).name);
  }

  /** @internal */
  protected override values(batch: Batch): Float64Array {
    return rowMeans(this.name, batch, (difference) => difference * difference);
  }
}

/** The mean of |prediction - label|. Inputs and errors as in {@link MeanSquaredError}. */
export class MeanAbsoluteError extends SampleMean {
  static readonly kind: string = 'MeanAbsoluteError';
  readonly direction = 'min';

  constructor(options?: MetricOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    super(readOptions(new.target.kind, options, { name: 'meanAbsoluteError' }).name);
  }

  /** @internal */
  protected override values(batch: Batch): Float64Array {
    return rowMeans(this.name, batch, Math.abs);
  }
}

function rowMeans(
  operation: string,
  { samples, predictions, labels }: Batch,
  error: (difference: number) => number,
): Float64Array {
  const { shape } = predictions;
  if (shape.length !== labels.shape.length || shape.some((length, axis) => length !== labels.shape[axis])) {
    throw new ShapeError(
      `[${operation}] predictions ${show(shape)} and labels ${show(labels.shape)} differ in shape. ` +
        'Reshape one of them.',
    );
  }
  const width = shape.slice(1).reduce((product, length) => product * length, 1);
  if (width === 0) {
    throw new ShapeError(
      `[${operation}] predictions ${show(shape)} have no entries to average. Pass at least one per sample.`,
    );
  }
  const means = new Float64Array(samples);
  for (let i = 0; i < samples; i++) {
    let sum = 0;
    for (let j = i * width; j < (i + 1) * width; j++) sum += error(predictions.data[j]! - labels.data[j]!);
    means[i] = sum / width;
  }
  return means;
}
