import { checkCount, checkOptions, type Known } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import { readBatchSync, type SyncMetricInput } from '../input.ts';
import { ClassCounts } from './class-counts.ts';
import { type ClassPairs, classPairs } from './class-pairs.ts';
import {
  type Average,
  averaged,
  checkAverage,
  checkBeta,
  checkLabels,
  checkNumClasses,
  checkZeroDivision,
  fBeta,
  intersectionOverUnion,
  type Score,
  totalsAt,
} from './class-scores.ts';

/** Options of {@link confusionMatrix}. */
export interface ConfusionOptions {
  /** Classes are numbered from 0 to `numClasses - 1`; by default any whole number from 0 up is a class. */
  readonly numClasses?: number;
  /** The classes to include, in this order; by default those that occur in labels or predictions. */
  readonly labels?: readonly number[];
  /** `[N]`, finite and not negative; all 1 by default. */
  readonly sampleWeights?: SyncMetricInput;
}

/** Options of {@link precision}, {@link recall} and {@link f1Score}. */
export interface ScoreOptions extends ConfusionOptions {
  /** Default `'macro'` (in scikit-learn `'binary'`). */
  readonly average?: Average;
  /** The score of a class for which it is 0 / 0: 0 (default), 1, or NaN to exclude the class from a mean. */
  readonly zeroDivision?: number;
}

export const confusionOptions: Known<ConfusionOptions> = { numClasses: 0, labels: 0, sampleWeights: 0 };
const scoreOptions: Known<ScoreOptions> = { ...confusionOptions, average: 0, zeroDivision: 0 };

/** Classes as positions in the sorted list of those that occur, so that large class numbers need no memory. */
export interface Tally extends ClassPairs {
  readonly present: readonly number[];
  readonly weights: ArrayLike<number> | undefined;
  /** The position of a class in `present`, or -1. */
  indexOf(label: number): number;
}

/**
 * The fraction of the samples predicted as a class that belong to it, as scikit-learn's `precision_score`. Labels are
 * the first argument, as in scikit-learn.
 *
 * @param labels the true classes: class indices `[N]`, or one-hot or soft `[N, C]`
 * @param predictions class indices `[N]` or scores `[N, C]`
 * @throws ShapeError if lengths or numbers of classes differ
 * @throws ValueError on a class out of range, on NaN in a score, and without samples
 */
export function precision(
  labels: SyncMetricInput,
  predictions: SyncMetricInput,
  options: ScoreOptions = {},
): number {
  checkCount('precision', arguments.length, 3);
  return score('precision', 'precision', labels, predictions, options);
}

/**
 * The fraction of the samples of a class that are predicted as it, as `recall_score`. Inputs and errors as in
 * {@link precision}.
 */
export function recall(
  labels: SyncMetricInput,
  predictions: SyncMetricInput,
  options: ScoreOptions = {},
): number {
  checkCount('recall', arguments.length, 3);
  return score('recall', 'recall', labels, predictions, options);
}

/** 2 P R / (P + R) of precision P and recall R, as `f1_score`. Inputs and errors as in {@link precision}. */
export function f1Score(
  labels: SyncMetricInput,
  predictions: SyncMetricInput,
  options: ScoreOptions = {},
): number {
  checkCount('f1Score', arguments.length, 3);
  return score('f1Score', 'f1', labels, predictions, options);
}

/** Options of {@link fBetaScore}. */
export interface FBetaScoreOptions extends ScoreOptions {
  /** How many times as important recall is as precision, above 0. */
  readonly beta: number;
}

/**
 * (1 + beta^2) P R / (beta^2 P + R) of precision P and recall R, as `fbeta_score`. Inputs and errors as in
 * {@link precision}.
 */
export function fBetaScore(
  labels: SyncMetricInput,
  predictions: SyncMetricInput,
  options: FBetaScoreOptions,
): number {
  checkCount('fBetaScore', arguments.length, 3);
  checkOptions('fBetaScore', options ?? null, { ...scoreOptions, beta: 0 });
  const { beta, ...rest } = options;
  checkBeta('fBetaScore', beta);
  return score('fBetaScore', fBeta(beta), labels, predictions, rest);
}

/**
 * The samples that belong to a class and are predicted as it, divided by those of which one or the other is true, as
 * `jaccard_score`. Inputs and errors as in {@link precision}.
 */
export function jaccardScore(
  labels: SyncMetricInput,
  predictions: SyncMetricInput,
  options: ScoreOptions = {},
): number {
  checkCount('jaccardScore', arguments.length, 3);
  return score('jaccardScore', intersectionOverUnion, labels, predictions, options);
}

/**
 * The (weighted) number of samples of each true class (row) that were predicted as each class (column), as
 * scikit-learn's `confusion_matrix`. Rows and columns are `options.labels`, else 0 to `numClasses - 1`, else
 * the classes that occur. Inputs and errors as in {@link precision}.
 */
export function confusionMatrix(
  labels: SyncMetricInput,
  predictions: SyncMetricInput,
  options: ConfusionOptions = {},
): number[][] {
  checkCount('confusionMatrix', arguments.length, 3);
  checkOptions('confusionMatrix', options, confusionOptions);
  const { truth, predicted, weights, present, indexOf } = tally(
    'confusionMatrix',
    labels,
    predictions,
    options,
  );
  const { numClasses } = options;
  const rows =
    options.labels ??
    (numClasses === undefined ? present : Array.from({ length: numClasses }, (_, row) => row));
  const rowOf = new Int32Array(present.length).fill(-1);
  rows.forEach((label, row) => {
    const index = indexOf(label);
    if (index >= 0) rowOf[index] = row;
  });
  const matrix = rows.map(() => new Array<number>(rows.length).fill(0));
  for (let i = 0; i < truth.length; i++) {
    const column = rowOf[predicted[i]!]!;
    const row = matrix[rowOf[truth[i]!]!];
    if (row !== undefined && column >= 0) row[column]! += weights?.[i] ?? 1;
  }
  return matrix;
}

export function tally(
  operation: string,
  labels: SyncMetricInput,
  predictions: SyncMetricInput,
  options: ConfusionOptions,
): Tally {
  const { numClasses } = options;
  if (numClasses !== undefined) checkNumClasses(operation, numClasses);
  if (options.labels !== undefined) checkLabels(operation, options.labels, numClasses);
  const batch = readBatchSync(operation, predictions, labels, options.sampleWeights);
  if (batch.samples === 0) throw new ValueError(`[${operation}] there are no samples. Pass at least one.`);
  const pairs = classPairs(operation, batch, numClasses);
  const present = [...new Set([...pairs.truth, ...pairs.predicted])].sort((a, b) => a - b);
  const positions = new Map(present.map((label, position) => [label, position]));
  const indexOf = (label: number) => positions.get(label) ?? -1;
  return {
    truth: pairs.truth.map(indexOf),
    predicted: pairs.predicted.map(indexOf),
    weights: batch.weights,
    present,
    indexOf,
  };
}

export function countsOf(pairs: Tally): ClassCounts {
  const counts = new ClassCounts(pairs.present.length);
  counts.add(pairs, pairs.weights);
  return counts;
}

function score(
  operation: string,
  which: Score,
  labels: SyncMetricInput,
  predictions: SyncMetricInput,
  options: ScoreOptions,
): number {
  checkOptions(operation, options, scoreOptions);
  const { average = 'macro', zeroDivision = 0 } = options;
  checkAverage(operation, average);
  checkZeroDivision(operation, zeroDivision);
  const pairs = tally(operation, labels, predictions, options);
  const rows = average === 'binary' ? binaryLabels(operation, pairs.present, options) : options.labels;
  const totals = totalsAt(countsOf(pairs), (rows ?? pairs.present).map(pairs.indexOf));
  return averaged(which, totals, average, zeroDivision);
}

function binaryLabels(operation: string, present: readonly number[], { labels }: ScoreOptions): number[] {
  const largest = present.at(-1)!;
  if (largest > 1 || labels !== undefined) {
    throw new ValueError(
      `[${operation}] average 'binary' needs classes 0 and 1 and no labels, got ` +
        `${labels === undefined ? `class ${largest}` : 'labels'}. ` +
        "Choose 'macro', 'micro' or 'weighted'.",
    );
  }
  return [1];
}
