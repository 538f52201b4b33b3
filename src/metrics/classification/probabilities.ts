import { checkCount, checkOptions, describe, type Known } from '../../ir/arguments.ts';
import { ShapeError, ValueError } from '../../ir/errors.ts';
import { log } from '../../ir/math/index.ts';
import { show } from '../../tensor/shape.ts';
import { type Batch, isColumn, readBatchSync, type SyncMetricInput } from '../input.ts';
import { classIndices, classPairs } from './class-pairs.ts';

// How good predicted probabilities are as probabilities.

/** Options of {@link logLoss}. */
export interface ProbabilityOptions {
  /** `[N]`, finite and not negative; all 1 by default. */
  readonly sampleWeights?: SyncMetricInput;
}

/** Options of {@link calibrationCurve} and {@link expectedCalibrationError}. */
export interface CalibrationOptions {
  /** The number of bins of equal width from 0 to 1; 10 by default. */
  readonly bins?: number;
}

/** Predicted probabilities and what happened, for each bin that has samples. */
export interface CalibrationCurve {
  /** The fraction of positive samples. */
  readonly observed: Float64Array;
  /** The mean of the predicted probabilities. */
  readonly predicted: Float64Array;
  /** The number of samples. */
  readonly counts: Float64Array;
}

const probabilityOptions: Known<ProbabilityOptions> = { sampleWeights: 0 };
const calibrationOptions: Known<CalibrationOptions> = { bins: 0 };

/** As in scikit-learn. */
const smallest = Number.EPSILON;

/**
 * The mean of -log of the probability of the true class, as scikit-learn's `log_loss`. Probabilities are limited to
 * 2^-52 .. 1 - 2^-52.
 *
 * @param labels 0 or 1, `[N]`; for probabilities `[N, C]` class indices `[N]`, or one-hot `[N, C]`
 * @param probabilities of class 1, `[N]`; or of each class, `[N, C]`, with a sum of 1 (else they are divided by it)
 * @throws ShapeError if lengths or numbers of classes differ
 * @throws ValueError on a class out of range and on a probability that is not from 0 to 1
 */
export function logLoss(
  labels: SyncMetricInput,
  probabilities: SyncMetricInput,
  options: ProbabilityOptions = {},
): number {
  checkCount('logLoss', arguments.length, 3);
  checkOptions('logLoss', options, probabilityOptions);
  const batch = readBatchSync('logLoss', probabilities, labels, options.sampleWeights);
  if (batch.samples === 0) throw new ValueError('[logLoss] got no samples, wanted at least one.');
  const losses = logLosses('logLoss', batch);
  return weightedMean(batch, (i) => losses[i]!);
}

/**
 * The fraction of positive samples and the mean probability in bins of equal width, as scikit-learn's `calibration_curve`.
 *
 * @param labels 0 or 1, `[N]`
 * @param probabilities of class 1, `[N]`
 * @throws ShapeError if lengths differ
 * @throws ValueError on a label that is neither 0 nor 1 and on a probability that is not from 0 to 1
 */
export function calibrationCurve(
  labels: SyncMetricInput,
  probabilities: SyncMetricInput,
  options: CalibrationOptions = {},
): CalibrationCurve {
  const name = 'calibrationCurve';
  checkCount(name, arguments.length, 3);
  const batch = readBatchSync(name, probabilities, labels, undefined);
  if (batch.samples === 0) throw new ValueError(`[${name}] got no samples, wanted at least one.`);
  if (!isColumn(batch.predictions)) {
    throw new ShapeError(
      `[${name}] probabilities have shape ${show(batch.predictions.shape)}, wanted [N]. Choose those of one class.`,
    );
  }
  const truth = classIndices(name, 'label', batch.labels, 2);
  checkProbabilities(name, batch);
  return binned(name, options, batch.predictions.data, truth);
}

/**
 * The mean over the samples of the distance between the confidence and the accuracy of their bin (Guo et al. 2017): 0 for
 * a model that is right as often as it claims.
 *
 * @param labels 0 or 1, `[N]`; for probabilities `[N, C]` class indices `[N]`, or one-hot `[N, C]`
 * @param probabilities of class 1, `[N]`; or of each class, `[N, C]`: the confidence is the largest
 * @throws as {@link logLoss}
 */
export function expectedCalibrationError(
  labels: SyncMetricInput,
  probabilities: SyncMetricInput,
  options: CalibrationOptions = {},
): number {
  const name = 'expectedCalibrationError';
  checkCount(name, arguments.length, 3);
  const batch = readBatchSync(name, probabilities, labels, undefined);
  const { predictions, samples } = batch;
  if (samples === 0) throw new ValueError(`[${name}] got no samples, wanted at least one.`);
  checkProbabilities(name, batch);
  const isBinary = isColumn(predictions);
  const { truth, predicted } = isBinary
    ? { truth: classIndices(name, 'label', batch.labels, 2), predicted: null }
    : classPairs(name, batch);
  const classes = predictions.shape[1] ?? 1;
  const confidence = Float64Array.from({ length: samples }, (_, i) =>
    predicted === null ? predictions.data[i]! : predictions.data[i * classes + predicted[i]!]!,
  );
  const isRight = truth.map((t, i) => (predicted === null ? t : Number(t === predicted[i])));
  const curve = binned(name, options, confidence, isRight);
  return curve.counts.reduce(
    (sum, count, b) => sum + (count / samples) * Math.abs(curve.observed[b]! - curve.predicted[b]!),
    0,
  );
}

function binned(
  operation: string,
  options: CalibrationOptions,
  probabilities: ArrayLike<number>,
  outcomes: ArrayLike<number>,
): CalibrationCurve {
  checkOptions(operation, options, calibrationOptions);
  const { bins = 10 } = options;
  if (!Number.isInteger(bins) || bins < 1)
    throw new ValueError(`[${operation}] got bins ${describe(bins)}, wanted a whole number from 1 up.`);
  const [counts, positive, sums] = [0, 0, 0].map(() => new Float64Array(bins)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let i = 0; i < outcomes.length; i++) {
    const p = probabilities[i]!;
    // The bins are (k / bins, (k + 1) / bins]; 0 belongs to the first.
    let bin = Math.max(Math.ceil(p * bins) - 1, 0);
    while (bin > 0 && p <= bin / bins) bin--;
    while (bin < bins - 1 && p > (bin + 1) / bins) bin++;
    counts[bin]!++;
    positive[bin]! += outcomes[i]!;
    sums[bin]! += p;
  }
  const filled = [...counts.keys()].filter((b) => counts[b]! > 0);
  return {
    observed: Float64Array.from(filled, (b) => positive[b]! / counts[b]!),
    predicted: Float64Array.from(filled, (b) => sums[b]! / counts[b]!),
    counts: Float64Array.from(filled, (b) => counts[b]!),
  };
}

/** -log of the probability of each sample's true class. */
export const logLosses = (operation: string, batch: Batch): Float64Array =>
  trueProbabilities(operation, batch).map((p) => -log(Math.min(Math.max(p, smallest), 1 - smallest)));

/** The probability of each sample's true class. */
function trueProbabilities(operation: string, batch: Batch): Float64Array {
  const { predictions, labels, samples } = batch;
  checkProbabilities(operation, batch);
  if (isColumn(predictions)) {
    const truth = classIndices(operation, 'label', labels, 2);
    return Float64Array.from(truth, (t, i) => (t === 1 ? predictions.data[i]! : 1 - predictions.data[i]!));
  }
  const { truth } = classPairs(operation, batch);
  const classes = predictions.shape[1]!;
  return Float64Array.from({ length: samples }, (_, i) => {
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += predictions.data[i * classes + c]!;
    if (sum > 0) return predictions.data[i * classes + truth[i]!]! / sum;
    throw new ValueError(`[${operation}] got only zeros in row ${i}, wanted probabilities with a sum of 1.`);
  });
}

function checkProbabilities(operation: string, { predictions }: Batch): void {
  const { data } = predictions;
  for (let i = 0; i < data.length; i++) {
    if (data[i]! >= 0 && data[i]! <= 1) continue;
    throw new ValueError(
      `[${operation}] got probability ${data[i]}, wanted numbers from 0 to 1. Apply sigmoid or softmax to logits.`,
    );
  }
}

function weightedMean({ samples, weights }: Batch, value: (sample: number) => number): number {
  let total = 0;
  let divisor = 0;
  for (let i = 0; i < samples; i++) {
    const weight = weights?.[i] ?? 1;
    total += weight * value(i);
    divisor += weight;
  }
  return total / divisor;
}
