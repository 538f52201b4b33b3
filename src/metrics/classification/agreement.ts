import { checkCount, checkOptions, describe, type Known } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import type { SyncMetricInput } from '../input.ts';
import { tally } from './functions.ts';

// Numbers that compare labels and predictions beyond what chance explains, from the whole confusion matrix.

/** Options of {@link matthewsCorrelation}. */
export interface AgreementOptions {
  /** `[N]`, finite and not negative; all 1 by default. */
  readonly sampleWeights?: SyncMetricInput;
}

/** Options of {@link balancedAccuracy}. */
export interface BalancedAccuracyOptions extends AgreementOptions {
  /** Whether to scale the result so that chance is 0 and perfection 1; false by default. */
  readonly adjusted?: boolean;
}

/** Options of {@link cohenKappa}. */
export interface CohenKappaOptions extends AgreementOptions {
  /**
   * How a disagreement counts: all the same (`null`, the default), or by the distance of the classes (for classes in an
   * order), or by its square. The distance counts the classes that occur.
   */
  readonly weights?: null | 'linear' | 'quadratic';
}

const agreementOptions: Known<AgreementOptions> = { sampleWeights: 0 };
const balancedOptions: Known<BalancedAccuracyOptions> = { ...agreementOptions, adjusted: true };
const kappaOptions: Known<CohenKappaOptions> = { ...agreementOptions, weights: 0 };

/**
 * The mean over the classes that occur in the labels of the fraction of their samples that is recognized, as
 * scikit-learn's `balanced_accuracy_score`: the accuracy if all classes had the same number of samples.
 *
 * @param labels the true classes: class indices `[N]`, or one-hot or soft `[N, C]`
 * @param predictions class indices `[N]` or scores `[N, C]`
 * @throws ShapeError if lengths or numbers of classes differ
 * @throws ValueError on a class out of range, on NaN in a score, and without samples
 */
export function balancedAccuracy(
  labels: SyncMetricInput,
  predictions: SyncMetricInput,
  options: BalancedAccuracyOptions = {},
): number {
  checkCount('balancedAccuracy', arguments.length, 3);
  checkOptions('balancedAccuracy', options, balancedOptions);
  const { matrix, rows } = confusion('balancedAccuracy', labels, predictions, options);
  const recalls = matrix.flatMap((row, c) => (rows[c]! > 0 ? [row[c]! / rows[c]!] : []));
  const mean = recalls.reduce((a, b) => a + b, 0) / recalls.length;
  if (options.adjusted !== true) return mean;
  if (recalls.length < 2)
    throw new ValueError(
      '[balancedAccuracy] got labels of one class, wanted two or more for adjusted: true.',
    );
  const chance = 1 / recalls.length;
  return (mean - chance) / (1 - chance);
}

/**
 * Matthews' correlation coefficient of labels and predictions (Gorodkin 2004 for more than two classes), as scikit-learn's
 * `matthews_corrcoef`: from -1 to 1, 0 for chance and if all labels or all predictions are of one class. Inputs and errors
 * as in {@link balancedAccuracy}.
 */
export function matthewsCorrelation(
  labels: SyncMetricInput,
  predictions: SyncMetricInput,
  options: AgreementOptions = {},
): number {
  checkCount('matthewsCorrelation', arguments.length, 3);
  checkOptions('matthewsCorrelation', options, agreementOptions);
  const { matrix, rows, columns, total } = confusion('matthewsCorrelation', labels, predictions, options);
  const right = matrix.reduce((sum, row, c) => sum + row[c]!, 0);
  const products = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, x, c) => sum + x * b[c]!, 0);
  const shared = right * total - products(rows, columns);
  const spread = (total * total - products(columns, columns)) * (total * total - products(rows, rows));
  return spread === 0 ? 0 : shared / Math.sqrt(spread);
}

/**
 * Cohen's kappa (Cohen 1960), as scikit-learn's `cohen_kappa_score`: 1 for agreement, 0 for chance, NaN if both are always
 * the same class. Inputs and errors as in {@link balancedAccuracy}.
 */
export function cohenKappa(
  labels: SyncMetricInput,
  predictions: SyncMetricInput,
  options: CohenKappaOptions = {},
): number {
  checkCount('cohenKappa', arguments.length, 3);
  checkOptions('cohenKappa', options, kappaOptions);
  const { weights = null } = options;
  if (weights !== null && weights !== 'linear' && weights !== 'quadratic')
    throw new ValueError(
      `[cohenKappa] got weights ${describe(weights)}, wanted null, 'linear' or 'quadratic'.`,
    );
  const { matrix, rows, columns, total } = confusion('cohenKappa', labels, predictions, options);
  const cost = (a: number, b: number): number => {
    const distance = Math.abs(a - b);
    if (weights === null) return Math.min(distance, 1);
    return weights === 'linear' ? distance : distance * distance;
  };
  let found = 0;
  let expected = 0;
  matrix.forEach((row, a) => {
    row.forEach((count, b) => {
      found += cost(a, b) * count;
      expected += (cost(a, b) * rows[a]! * columns[b]!) / total;
    });
  });
  return 1 - found / expected;
}

/** Weighted counts over the classes that occur, with the sums of rows and columns. */
function confusion(
  operation: string,
  labels: SyncMetricInput,
  predictions: SyncMetricInput,
  { sampleWeights }: AgreementOptions,
) {
  const { truth, predicted, present, weights } = tally(
    operation,
    labels,
    predictions,
    sampleWeights === undefined ? {} : { sampleWeights },
  );
  const matrix = present.map(() => new Array<number>(present.length).fill(0));
  truth.forEach((t, i) => {
    matrix[t]![predicted[i]!]! += weights?.[i] ?? 1;
  });
  const rows = matrix.map((row) => row.reduce((a, b) => a + b, 0));
  const columns = present.map((_, c) => matrix.reduce((sum, row) => sum + row[c]!, 0));
  return { matrix, rows, columns, total: rows.reduce((a, b) => a + b, 0) };
}
