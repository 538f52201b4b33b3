import { checkCount, readOptions } from '../ir/arguments.ts';
import { ShapeError } from '../ir/errors.ts';
import { checkState, type State } from '../ir/state.ts';
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
    checkCount(new.target.kind, arguments.length, 1);
    super(readOptions(new.target.kind, options, { name: 'rootMeanSquaredError' }));
  }

  override result(): number {
    checkCount(this.name, arguments.length, 0);
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
    checkCount(new.target.kind, arguments.length, 1);
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
  #sums = sumsOf(0);

  constructor(options?: MetricOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    this.name = readOptions(new.target.kind, options, { name: 'r2Score' }).name;
  }

  async update(predictions: MetricInput, labels: MetricInput, sampleWeights?: MetricInput): Promise<void> {
    checkCount(this.name, arguments.length, 3);
    const batch = await readBatch(this.name, predictions, labels, sampleWeights);
    const width = widthOf(this.name, batch);
    const known = this.#sums.mean.length;
    if (known !== 0 && known !== width)
      throw new ShapeError(`[${this.name}] got ${width} outputs after ${known}. Call reset() before.`);
    if (known === 0) this.#sums = sumsOf(width);
    const { residual, mean, deviation } = this.#sums;
    for (let i = 0; i < batch.samples; i++) {
      const weight = batch.weights?.[i] ?? 1;
      if (weight === 0) continue;
      this.#weight += weight;
      for (let k = 0; k < width; k++) {
        const label = batch.labels.data[i * width + k]!;
        const error = batch.predictions.data[i * width + k]! - label;
        const difference = label - mean[k]!;
        residual[k]! += weight * error * error;
        mean[k]! += (difference * weight) / this.#weight;
        deviation[k]! += weight * difference * (label - mean[k]!);
      }
    }
  }

  result(): number {
    checkCount(this.name, arguments.length, 0);
    if (this.#weight === 0) return Number.NaN;
    const { residual, deviation } = this.#sums;
    const scores = residual.map((r, k) => (deviation[k] === 0 ? Number(r === 0) : 1 - r / deviation[k]!));
    return scores.reduce((sum, score) => sum + score, 0) / scores.length;
  }

  reset(): void {
    checkCount(this.name, arguments.length, 0);
    this.#weight = 0;
    this.#sums = sumsOf(0);
  }

  getState(): State {
    checkCount('getState', arguments.length, 0);
    return { weight: this.#weight, ...structuredClone(this.#sums) };
  }

  setState(state: State): void {
    checkCount('setState', arguments.length, 1);
    checkState(state, { weight: 0, ...sumsOf(Object(Object(state).mean).length ?? 0) });
    this.#weight = state.weight as number;
    const { residual, mean, deviation } = state as ReturnType<typeof sumsOf>;
    this.#sums = structuredClone({ residual, mean, deviation });
  }
}

const sumsOf = (outputs: number) => ({
  residual: new Float64Array(outputs),
  mean: new Float64Array(outputs),
  deviation: new Float64Array(outputs),
});

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
