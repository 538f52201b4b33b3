import { checkCount, checkOptions, type Known } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import { classPairs } from '../classification/class-pairs.ts';
import { checkNumClasses } from '../classification/class-scores.ts';
import { readBatchSync, type SyncMetricInput } from '../input.ts';
import { chiSquaredTail, fairBinomial } from './distributions.ts';

/** Options of {@link mcnemar}. */
export interface McNemarOptions {
  /**
   * - `'exact'`: the binomial test. It is conservative.
   * - `'mid-p'`: the binomial test with half the probability of the observed result (Fagerland et al. 2013). It is less
   *   conservative.
   * - `'chi-squared'`: the approximation for many samples.
   *
   * By default exact if exactly one model is right for fewer than 25 samples, else chi-squared.
   */
  readonly method?: 'exact' | 'mid-p' | 'chi-squared';
  /**
   * Whether chi-squared subtracts 1 from the difference (Edwards 1948); true by default. Only for chi-squared.
   */
  readonly correction?: boolean;
  /** Classes are numbered from 0 to `numClasses - 1`; by default any whole number from 0 up is a class. */
  readonly numClasses?: number;
}

const mcnemarOptions: Known<McNemarOptions> = { method: 0, correction: true, numClasses: 0 };

/** The result of {@link mcnemar}. */
export interface McNemarResult {
  /** Samples that both models predict correctly. */
  readonly both: number;
  /** Samples that only A predicts correctly. */
  readonly onlyA: number;
  /** Samples that only B predicts correctly. */
  readonly onlyB: number;
  /** Samples that neither model predicts correctly. */
  readonly neither: number;
  readonly method: 'exact' | 'mid-p' | 'chi-squared';
  /** Chi-squared with one degree of freedom; for the binomial tests the smaller of `onlyA` and `onlyB`. */
  readonly statistic: number;
  /** The probability of this or a greater difference if both models have the same accuracy. */
  readonly pValue: number;
}

/** The smallest number of samples with different outcomes for which chi-squared is a good approximation. */
const MANY = 25;

/**
 * McNemar's test (1947) of whether two classifiers have the same accuracy, from their predictions for the same samples.
 * Only samples that exactly one of them predicts correctly count. As `mcnemar` of statsmodels. Labels are the first
 * argument.
 *
 * The test compares these two trained models. It does not measure the variation over seeds.
 *
 * @param labels the true classes: class indices `[N]`, or one-hot or soft `[N, C]`
 * @param predictionsA class indices `[N]` or scores `[N, C]` of model A
 * @param predictionsB the same of model B
 * @returns the counts, the statistic and the p-value, which is 1 if both models are right for the same samples
 * @throws ShapeError if lengths or numbers of classes differ
 * @throws ValueError on a class out of range, on NaN in a score, without samples, and on options that do
 *   not fit together
 */
export function mcnemar(
  labels: SyncMetricInput,
  predictionsA: SyncMetricInput,
  predictionsB: SyncMetricInput,
  options: McNemarOptions = {},
): McNemarResult {
  checkCount('mcnemar', arguments.length, 4);
  checkOptions('mcnemar', options, mcnemarOptions);
  checkValues(options);
  const a = hits('A', labels, predictionsA, options);
  const b = hits('B', labels, predictionsB, options);
  const counts = { both: 0, onlyA: 0, onlyB: 0, neither: 0 };
  a.forEach((right, i) => {
    counts[right ? (b[i] ? 'both' : 'onlyA') : b[i] ? 'onlyB' : 'neither']++;
  });
  const { onlyA, onlyB } = counts;
  const { correction = true, method = onlyA + onlyB < MANY ? 'exact' : 'chi-squared' } = options;
  return {
    ...counts,
    method,
    ...(method === 'chi-squared' ? chiSquared(onlyA, onlyB, correction) : binomial(onlyA, onlyB, method)),
  };
}

/** Which samples a model predicts correctly. */
function hits(
  model: 'A' | 'B',
  labels: SyncMetricInput,
  predictions: SyncMetricInput,
  { numClasses }: McNemarOptions,
): boolean[] {
  const operation = `mcnemar, model ${model}`;
  const batch = readBatchSync(operation, predictions, labels, undefined);
  if (batch.samples === 0) throw new ValueError('[mcnemar] there are no samples. Pass at least one.');
  const { truth, predicted } = classPairs(operation, batch, numClasses);
  return Array.from(truth, (label, i) => label === predicted[i]);
}

function chiSquared(
  onlyA: number,
  onlyB: number,
  correction: boolean,
): { statistic: number; pValue: number } {
  if (onlyA + onlyB === 0) return { statistic: 0, pValue: 1 };
  const difference = Math.abs(onlyA - onlyB) - (correction ? 1 : 0);
  const statistic = (difference * difference) / (onlyA + onlyB);
  return { statistic, pValue: chiSquaredTail(statistic) };
}

function binomial(
  onlyA: number,
  onlyB: number,
  method: 'exact' | 'mid-p',
): { statistic: number; pValue: number } {
  const statistic = Math.min(onlyA, onlyB);
  const { atMost, exactly } = fairBinomial(statistic, onlyA + onlyB);
  return { statistic, pValue: Math.min(1, 2 * atMost - (method === 'mid-p' ? exactly : 0)) };
}

function checkValues({ method, correction, numClasses }: McNemarOptions): void {
  if (numClasses !== undefined) checkNumClasses('mcnemar', numClasses);
  if (method !== undefined && !['exact', 'mid-p', 'chi-squared'].includes(method)) {
    throw new ValueError(
      `[mcnemar] got method '${String(method)}', wanted 'exact', 'mid-p' or 'chi-squared'.`,
    );
  }
  if (correction !== undefined && method !== 'chi-squared') {
    throw new ValueError(
      `[mcnemar] got correction ${correction} with ${method === undefined ? 'no method' : `method '${method}'`}, ` +
        "but only chi-squared has one. Leave it out, or pass method: 'chi-squared'.",
    );
  }
}
