import { describe } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import type { ClassCounts } from './class-counts.ts';

export type Score = 'precision' | 'recall' | 'f1' | Formula;

/** A score of each class; `zeroDivision` for 0 / 0. */
export type Formula = (totals: Totals, zeroDivision: number) => Float64Array;

/**
 * How the scores of classes are combined into one number.
 *
 * - `'binary'`: the score of class 1; only classes 0 and 1 are allowed
 * - `'micro'`: the score of the counts summed over classes
 * - `'macro'`: the mean over classes
 * - `'weighted'`: the mean over classes, weighted by the number of samples of each class
 */
export type Average = 'binary' | 'micro' | 'macro' | 'weighted';

const AVERAGES: readonly Average[] = ['binary', 'micro', 'macro', 'weighted'];

/** Counts of the classes that a score covers. */
export interface Totals {
  readonly hits: Float64Array;
  readonly predicted: Float64Array;
  readonly truth: Float64Array;
}

const FORMULAS: Record<Exclude<Score, Formula>, Formula> = {
  precision: ({ hits, predicted }, zeroDivision) => divide(hits, predicted, zeroDivision),
  recall: ({ hits, truth }, zeroDivision) => divide(hits, truth, zeroDivision),
  // 2 P R / (P + R) = 2 hits / (truth + predicted)
  f1: ({ hits, predicted, truth }, zeroDivision) =>
    divide(
      hits.map((count) => 2 * count),
      truth.map((count, i) => count + predicted[i]!),
      zeroDivision,
    ),
};

const formulaOf = (score: Score): Formula => (typeof score === 'function' ? score : FORMULAS[score]);

/** The intersection over the union of the samples of a class and those predicted as it. */
export const intersectionOverUnion: Formula = ({ hits, predicted, truth }, zeroDivision) =>
  divide(
    hits,
    hits.map((count, i) => truth[i]! + predicted[i]! - count),
    zeroDivision,
  );

/** (1 + beta^2) P R / (beta^2 P + R) = (1 + beta^2) hits / (beta^2 truth + predicted) */
export const fBeta =
  (beta: number): Formula =>
  ({ hits, predicted, truth }, zeroDivision) =>
    divide(
      hits.map((count) => (1 + beta * beta) * count),
      truth.map((count, i) => beta * beta * count + predicted[i]!),
      zeroDivision,
    );

export function checkBeta(operation: string, beta: number): void {
  if (Number.isFinite(beta) && beta > 0) return;
  throw new ValueError(`[${operation}] beta is ${describe(beta)}, wanted a number above 0.`);
}

/** The counts at the given class indices; an index of -1 means a class without samples. */
export function totalsAt(counts: ClassCounts, indices: readonly number[]): Totals {
  const hits = Float64Array.from(indices, (index) => counts.hits[index] ?? 0);
  // With fractional weights scikit-learn's hits + (all - hits) differs from `all` in the last bit.
  const withHits = (all: Float64Array) =>
    hits.map((hit, i) => {
      const misses = (all[indices[i]!] ?? 0) - hit;
      return hit + misses;
    });
  return { hits, predicted: withHits(counts.predicted), truth: withHits(counts.truth) };
}

/** One score per class; `zeroDivision` for a class whose score is 0 / 0. */
export function perClass(score: Score, totals: Totals, zeroDivision: number): Float64Array {
  return formulaOf(score)(totals, zeroDivision);
}

/** One score for all classes of `totals`. The mean excludes classes whose score is NaN. */
export function averaged(score: Score, totals: Totals, average: Average, zeroDivision: number): number {
  const summed = average === 'micro' || average === 'binary';
  const values = formulaOf(score)(summed ? sumOver(totals) : totals, zeroDivision);
  if (average !== 'weighted') return mean(values);
  const weights = totals.truth.filter((_, i) => !Number.isNaN(values[i]!));
  const numbers = values.filter((value) => !Number.isNaN(value));
  const weight = sum(weights);
  if (weight === 0) return mean(numbers);
  return sum(numbers.map((value, i) => value * weights[i]!)) / weight;
}

/**
 * The sum in NumPy's order (pairwise, in eight lanes), since a mean such as 0.665 prints as 0.66 or 0.67
 * depending on its last bit, and reports should agree with scikit-learn's.
 */
export function sum(values: Float64Array): number {
  const n = values.length;
  if (n > 128) {
    const half = Math.floor(n / 2);
    const cut = half - (half % 8);
    return sum(values.subarray(0, cut)) + sum(values.subarray(cut));
  }
  let total = 0;
  let i = 0;
  if (n >= 8) {
    const lanes = values.slice(0, 8);
    for (i = 8; i < n - (n % 8); i += 8) {
      for (let lane = 0; lane < 8; lane++) lanes[lane]! += values[i + lane]!;
    }
    const [a, b, c, d, e, f, g, h] = lanes;
    total = a! + b! + (c! + d!) + (e! + f! + (g! + h!));
  }
  for (; i < n; i++) total += values[i]!;
  return total;
}

export function checkAverage(operation: string, average: Average): void {
  if (AVERAGES.includes(average)) return;
  throw new ValueError(
    `[${operation}] average is ${describe(average)}, wanted one of ${AVERAGES.map((name) => `'${name}'`).join(', ')}.`,
  );
}

export function checkZeroDivision(operation: string, zeroDivision: number): void {
  if (zeroDivision === 0 || zeroDivision === 1 || Number.isNaN(zeroDivision)) return;
  throw new ValueError(
    `[${operation}] zeroDivision is ${describe(zeroDivision)}, wanted 0, 1, or NaN to exclude such classes from a mean.`,
  );
}

/** Checks a list of classes to report on, below `numClasses` if that is known. */
export function checkLabels(
  operation: string,
  labels: readonly number[],
  numClasses: number | undefined,
): void {
  if (!Array.isArray(labels) || labels.length === 0) {
    throw new ValueError(
      `[${operation}] labels is ${Array.isArray(labels) ? 'empty' : describe(labels)}. Pass at least one class, or leave it out.`,
    );
  }
  const limit = numClasses === undefined ? Number.MAX_SAFE_INTEGER : numClasses - 1;
  labels.forEach((label, i) => {
    if (!Number.isInteger(label) || label < 0 || label > limit) {
      throw new ValueError(
        `[${operation}] labels[${i}] is ${label}, wanted a whole number from 0 to ${limit}. ` +
          'Pass classes in this range.',
      );
    }
    if (labels.indexOf(label) !== i) {
      throw new ValueError(`[${operation}] labels[${i}] is ${label} again. Pass each class once.`);
    }
  });
}

export function checkNumClasses(operation: string, numClasses: number): void {
  if (Number.isInteger(numClasses) && numClasses >= 1) return;
  throw new ValueError(
    `[${operation}] numClasses is ${describe(numClasses)}, wanted a whole number of at least 1.`,
  );
}

function divide(numerators: Float64Array, denominators: Float64Array, zeroDivision: number): Float64Array {
  return numerators.map((numerator, i) => {
    const denominator = denominators[i]!;
    return denominator === 0 ? zeroDivision : numerator / denominator;
  });
}

function sumOver({ hits, predicted, truth }: Totals): Totals {
  return {
    hits: Float64Array.of(sum(hits)),
    predicted: Float64Array.of(sum(predicted)),
    truth: Float64Array.of(sum(truth)),
  };
}

/** The mean of the values that are not NaN; NaN if there are none. */
function mean(values: Float64Array): number {
  const total = sum(values.map((value) => (Number.isNaN(value) ? 0 : value)));
  return total / values.reduce((count, value) => count + (Number.isNaN(value) ? 0 : 1), 0);
}
