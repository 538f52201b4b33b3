import { checkCount, checkOptions, describe, type Known } from '../../ir/arguments.ts';
import { ShapeError, ValueError } from '../../ir/errors.ts';
import { show } from '../../tensor/shape.ts';
import { type Batch, isColumn, readBatchSync, type SyncMetricInput } from '../input.ts';
import { classIndices, classPairs, nanError, scoreColumns } from './class-pairs.ts';

// Scores as rankings: curves over all thresholds and the areas under them, as in scikit-learn.

/** Options of the curves. */
export interface CurveOptions {
  /** `[N]`, finite and not negative; all 1 by default. */
  readonly sampleWeights?: SyncMetricInput;
}

/** Options of {@link rocAuc} and {@link averagePrecision}. */
export interface RankingOptions extends CurveOptions {
  /** For more than two classes: the mean over classes (`'macro'`, the default), or weighted by their samples. */
  readonly average?: 'macro' | 'weighted';
}

/** A receiver operating characteristic: the rates if samples with a score of at least `thresholds[i]` are positive. */
export interface RocCurve {
  readonly falsePositiveRate: Float64Array;
  readonly truePositiveRate: Float64Array;
  /** Decreasing; the first one is Infinity: no sample is positive. */
  readonly thresholds: Float64Array;
}

/** Precision and recall if samples with a score of at least `thresholds[i]` are positive. */
export interface PrecisionRecallCurve {
  /** One longer than `thresholds`: the last one is 1. */
  readonly precision: Float64Array;
  /** One longer than `thresholds`: the last one is 0. */
  readonly recall: Float64Array;
  /** Increasing. */
  readonly thresholds: Float64Array;
}

const curveOptions: Known<CurveOptions> = { sampleWeights: 0 };
const rankingOptions: Known<RankingOptions> = { ...curveOptions, average: 0 };

/**
 * The points of the ROC curve, as scikit-learn's `roc_curve`: points on a straight line between others are left out.
 *
 * @param labels 0 or 1, `[N]`
 * @param scores larger for the positive class: logits or probabilities, `[N]`
 * @throws ShapeError if lengths differ
 * @throws ValueError on a label that is neither 0 nor 1, a NaN score, and if a class has no samples
 */
export function rocCurve(
  labels: SyncMetricInput,
  scores: SyncMetricInput,
  options: CurveOptions = {},
): RocCurve {
  checkCount('rocCurve', arguments.length, 3);
  checkOptions('rocCurve', options, curveOptions);
  const counts = binaryCounts('rocCurve', readBatchSync('rocCurve', scores, labels, options.sampleWeights));
  checkBoth('rocCurve', counts);
  const { truePositives: tp, falsePositives: fp, thresholds } = counts;
  const last = tp.length - 1;
  const turns = (values: Float64Array, i: number): boolean =>
    values[i + 1]! - values[i]! !== values[i]! - values[i - 1]!;
  const kept = [...tp.keys()].filter((i) => i === 0 || i === last || turns(tp, i) || turns(fp, i));
  const rates = (values: Float64Array): Float64Array =>
    Float64Array.from([0, ...kept.map((i) => values[i]! / values[last]!)]);
  return {
    falsePositiveRate: rates(fp),
    truePositiveRate: rates(tp),
    thresholds: Float64Array.from([Infinity, ...kept.map((i) => thresholds[i]!)]),
  };
}

/**
 * The points of the precision-recall curve, as scikit-learn's `precision_recall_curve`. Inputs and errors as in
 * {@link rocCurve}.
 */
export function precisionRecallCurve(
  labels: SyncMetricInput,
  scores: SyncMetricInput,
  options: CurveOptions = {},
): PrecisionRecallCurve {
  const name = 'precisionRecallCurve';
  checkCount(name, arguments.length, 3);
  checkOptions(name, options, curveOptions);
  const counts = binaryCounts(name, readBatchSync(name, scores, labels, options.sampleWeights));
  checkPositives(name, counts);
  const { precision, recall } = precisionAndRecall(counts);
  return {
    precision: Float64Array.from([...precision.reverse(), 1]),
    recall: Float64Array.from([...recall.reverse(), 0]),
    thresholds: counts.thresholds.reverse(),
  };
}

/**
 * The area under the ROC curve, as scikit-learn's `roc_auc_score`: the probability that a positive sample has a larger
 * score than a negative one. For more than two classes it is the mean over the classes against the rest.
 *
 * @param labels 0 or 1, `[N]`; for scores `[N, C]` class indices `[N]`, or one-hot `[N, C]`
 * @param scores larger for the positive class, `[N]`; or a score for each class, `[N, C]`
 * @throws ShapeError if lengths or numbers of classes differ
 * @throws ValueError on a class out of range, a NaN score, and if a class, or its rest, has no samples
 */
export function rocAuc(
  labels: SyncMetricInput,
  scores: SyncMetricInput,
  options: RankingOptions = {},
): number {
  checkCount('rocAuc', arguments.length, 3);
  return ranking('rocAuc', labels, scores, options, (counts) => {
    checkBoth('rocAuc', counts);
    return areaUnderRoc(counts);
  });
}

/**
 * The sum over thresholds of precision times the increase of recall, as scikit-learn's `average_precision_score`. Inputs
 * and errors as in {@link rocAuc}; only the classes need samples, not the rest.
 */
export function averagePrecision(
  labels: SyncMetricInput,
  scores: SyncMetricInput,
  options: RankingOptions = {},
): number {
  checkCount('averagePrecision', arguments.length, 3);
  return ranking('averagePrecision', labels, scores, options, (counts) => {
    checkPositives('averagePrecision', counts);
    return areaUnderPrecision(counts);
  });
}

/** The weight of positive and negative samples with a score of at least each of the different scores. */
export interface RankingCounts {
  readonly truePositives: Float64Array;
  readonly falsePositives: Float64Array;
  /** The different scores, decreasing. */
  readonly thresholds: Float64Array;
}

/** NaN unless there are samples of both classes. */
export function areaUnderRoc({ truePositives: tp, falsePositives: fp }: RankingCounts): number {
  let area = 0;
  for (let i = 0; i < tp.length; i++) area += (fp[i]! - (fp[i - 1] ?? 0)) * ((tp[i]! + (tp[i - 1] ?? 0)) / 2);
  return area / ((tp.at(-1) ?? 0) * (fp.at(-1) ?? 0));
}

/** NaN without positive samples. */
export function areaUnderPrecision(counts: RankingCounts): number {
  const { precision, recall } = precisionAndRecall(counts);
  if (precision.length === 0) return Number.NaN;
  return precision.reduce((sum, p, i) => sum + p * (recall[i]! - (recall[i - 1] ?? 0)), 0);
}

function precisionAndRecall({ truePositives: tp, falsePositives: fp }: RankingCounts) {
  const precision = tp.map((positives, i) => {
    const all = positives + fp[i]!;
    return all === 0 ? 0 : positives / all;
  });
  return { precision, recall: tp.map((positives) => positives / tp.at(-1)!) };
}

export function rankingCounts(
  scores: ArrayLike<number>,
  isPositive: (sample: number) => boolean,
  weights: ArrayLike<number> | undefined,
): RankingCounts {
  const order = Int32Array.from({ length: scores.length }, (_, i) => i)
    .filter((i) => (weights?.[i] ?? 1) > 0)
    .sort((a, b) => scores[b]! - scores[a]! || a - b);
  const truePositives: number[] = [];
  const falsePositives: number[] = [];
  const thresholds: number[] = [];
  let tp = 0;
  let fp = 0;
  order.forEach((i, k) => {
    const weight = weights?.[i] ?? 1;
    if (isPositive(i)) tp += weight;
    else fp += weight;
    if (k + 1 < order.length && scores[order[k + 1]!] === scores[i]) return;
    truePositives.push(tp);
    falsePositives.push(fp);
    thresholds.push(scores[i]!);
  });
  return {
    truePositives: Float64Array.from(truePositives),
    falsePositives: Float64Array.from(falsePositives),
    thresholds: Float64Array.from(thresholds),
  };
}

function binaryCounts(operation: string, { predictions, labels, weights, samples }: Batch): RankingCounts {
  if (!isColumn(predictions) || !isColumn(labels)) {
    throw new ShapeError(
      `[${operation}] scores ${show(predictions.shape)} and labels ${show(labels.shape)}, wanted one number per sample, ` +
        'shape [N] or [N, 1]. Choose the scores of one class.',
    );
  }
  const truth = classIndices(operation, 'label', labels, 2);
  checkScores(operation, predictions.data, samples);
  return rankingCounts(predictions.data, (i) => truth[i] === 1, weights);
}

function checkScores(operation: string, scores: ArrayLike<number>, count: number): void {
  for (let i = 0; i < count; i++) if (Number.isNaN(scores[i])) throw nanError(operation, 'scores', i);
}

/** A number for each class against the rest, averaged; for `[N]` scores that of class 1. */
function ranking(
  operation: string,
  labels: SyncMetricInput,
  scores: SyncMetricInput,
  options: RankingOptions,
  area: (counts: RankingCounts) => number,
): number {
  checkOptions(operation, options, rankingOptions);
  const { average = 'macro', sampleWeights } = options;
  if (average !== 'macro' && average !== 'weighted')
    throw new ValueError(`[${operation}] got average ${describe(average)}, wanted 'macro' or 'weighted'.`);
  const batch = readBatchSync(operation, scores, labels, sampleWeights);
  if (isColumn(batch.predictions)) return area(binaryCounts(operation, batch));
  const classes = scoreColumns(operation, 'scores', batch.predictions);
  const { truth } = classPairs(operation, batch);
  const columns = Array.from({ length: classes }, (_, c) =>
    Float64Array.from(truth, (_, i) => batch.predictions.data[i * classes + c]!),
  );
  return meanOverClasses(columns, truth, batch.weights, average, (counts, c) => {
    if ((counts.truePositives.at(-1) ?? 0) > 0) return area(counts);
    throw new ValueError(
      `[${operation}] class ${c} of ${classes} has no samples, wanted samples of each class.`,
    );
  });
}

/** The mean of a number for each class against the rest. */
export function meanOverClasses(
  columns: readonly ArrayLike<number>[],
  truth: ArrayLike<number>,
  weights: ArrayLike<number> | undefined,
  average: 'macro' | 'weighted',
  area: (counts: RankingCounts, c: number) => number,
): number {
  let total = 0;
  let divisor = 0;
  columns.forEach((column, c) => {
    const counts = rankingCounts(column, (i) => truth[i] === c, weights);
    const weight = average === 'macro' ? 1 : (counts.truePositives.at(-1) ?? 0);
    total += weight * area(counts, c);
    divisor += weight;
  });
  return total / divisor;
}

function checkBoth(operation: string, counts: RankingCounts): void {
  checkPositives(operation, counts);
  if (counts.falsePositives.at(-1)! > 0) return;
  throw new ValueError(`[${operation}] all labels are 1, wanted samples of both classes.`);
}

function checkPositives(operation: string, { truePositives }: RankingCounts): void {
  if ((truePositives.at(-1) ?? 0) > 0) return;
  throw new ValueError(
    truePositives.length === 0
      ? `[${operation}] got no samples, wanted some of both classes.`
      : `[${operation}] no label is 1, wanted samples of both classes.`,
  );
}
