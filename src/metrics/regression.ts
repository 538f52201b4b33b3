import { checkCount, readOptions } from '../ir/arguments.ts';
import { ShapeError } from '../ir/errors.ts';
import { show } from '../tensor/shape.ts';
import { type Batch, type MetricInput, readBatch } from './input.ts';
import { type Metric, type MetricOptions, SampleMean } from './metric.ts';

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

/** The root of the mean of (prediction - label)² over all entries. Inputs and errors as in {@link MeanSquaredError}. */
export class RootMeanSquaredError extends MeanSquaredError {
  static override readonly kind: string = 'RootMeanSquaredError';

  constructor(options?: MetricOptions) {
    super(readOptions(new.target.kind, options, { name: 'rootMeanSquaredError' }));
  }

  override result(): number {
    return Math.sqrt(super.result());
  }
}

/**
 * The mean of |prediction - label| / |label|, a fraction as in scikit-learn. Labels closer to 0 than 2^-52 count as 2^-52.
 * Inputs and errors as in {@link MeanSquaredError}.
 */
export class MeanAbsolutePercentageError extends SampleMean {
  static readonly kind: string = 'MeanAbsolutePercentageError';
  readonly direction = 'min';

  constructor(options?: MetricOptions) {
    super(readOptions(new.target.kind, options, { name: 'meanAbsolutePercentageError' }).name);
  }

  /** @internal */
  protected override values(batch: Batch): Float64Array {
    return rowMeans(
      this.name,
      batch,
      (difference, label) => Math.abs(difference) / Math.max(Math.abs(label), Number.EPSILON),
    );
  }
}

/**
 * The coefficient of determination, 1 - sum (prediction - label)² / sum (label - mean)², as scikit-learn's `r2_score`: 1 for
 * perfect predictions, 0 for the mean of the labels, negative for worse ones. For labels `[N, ...]` it is the mean over the
 * outputs. An output whose labels are all equal counts as 1 if it is predicted exactly, else as 0.
 *
 * @throws ShapeError if the shapes differ, or the number of outputs changes between batches.
 */
export class R2Score implements Metric {
  static readonly kind: string = 'R2Score';
  readonly name: string;
  readonly direction = 'max';
  #weight = 0;
  /** For each output: the sum of squared errors, and mean and sum of squared deviations of the labels (West 1979). */
  #outputs: { residual: number; mean: number; deviation: number }[] = [];

  constructor(options?: MetricOptions) {
    this.name = readOptions(new.target.kind, options, { name: 'r2Score' }).name;
  }

  async update(predictions: MetricInput, labels: MetricInput, sampleWeights?: MetricInput): Promise<void> {
    const batch = await readBatch(this.name, predictions, labels, sampleWeights);
    const width = widthOf(this.name, batch);
    if (this.#outputs.length !== 0 && this.#outputs.length !== width)
      throw new ShapeError(
        `[${this.name}] got ${width} outputs after ${this.#outputs.length}. Call reset() before.`,
      );
    if (this.#outputs.length === 0)
      this.#outputs = Array.from({ length: width }, () => ({ residual: 0, mean: 0, deviation: 0 }));
    for (let i = 0; i < batch.samples; i++) {
      const weight = batch.weights?.[i] ?? 1;
      if (weight === 0) continue;
      this.#weight += weight;
      this.#outputs.forEach((output, k) => {
        const label = batch.labels.data[i * width + k]!;
        const error = batch.predictions.data[i * width + k]! - label;
        const difference = label - output.mean;
        output.residual += weight * error * error;
        output.mean += (difference * weight) / this.#weight;
        output.deviation += weight * difference * (label - output.mean);
      });
    }
  }

  result(): number {
    if (this.#weight === 0) return Number.NaN;
    const scores = this.#outputs.map(({ residual, deviation }) =>
      deviation === 0 ? Number(residual === 0) : 1 - residual / deviation,
    );
    return scores.reduce((a, b) => a + b, 0) / scores.length;
  }

  reset(): void {
    this.#weight = 0;
    this.#outputs = [];
  }
}

function rowMeans(
  operation: string,
  batch: Batch,
  error: (difference: number, label: number) => number,
): Float64Array {
  const { samples, predictions, labels } = batch;
  const width = widthOf(operation, batch);
  const means = new Float64Array(samples);
  for (let i = 0; i < samples; i++) {
    let sum = 0;
    for (let j = i * width; j < (i + 1) * width; j++)
      sum += error(predictions.data[j]! - labels.data[j]!, labels.data[j]!);
    means[i] = sum / width;
  }
  return means;
}

/** The number of entries of each sample. */
function widthOf(operation: string, { predictions, labels }: Batch): number {
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
  return width;
}
