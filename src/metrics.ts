/** The entry point `ndgrad/metrics`: functions on arrays, and statistics. The classes that `fit` takes are in `ndgrad`. */

// Classification

export {
  type AgreementOptions,
  type BalancedAccuracyOptions,
  balancedAccuracy,
  type CohenKappaOptions,
  cohenKappa,
  matthewsCorrelation,
} from './metrics/classification/agreement.ts';
export type { Average } from './metrics/classification/class-scores.ts';
export {
  type ConfusionOptions,
  confusionMatrix,
  type FBetaScoreOptions,
  f1Score,
  fBetaScore,
  jaccardScore,
  precision,
  recall,
  type ScoreOptions,
} from './metrics/classification/functions.ts';
export {
  type CalibrationCurve,
  type CalibrationOptions,
  calibrationCurve,
  expectedCalibrationError,
  logLoss,
  type ProbabilityOptions,
} from './metrics/classification/probabilities.ts';
export {
  averagePrecision,
  type CurveOptions,
  type PrecisionRecallCurve,
  precisionRecallCurve,
  type RankingOptions,
  type RocCurve,
  rocAuc,
  rocCurve,
} from './metrics/classification/ranking.ts';
export { classificationReport, type ReportOptions } from './metrics/classification/report.ts';

// Sequences

export { editDistance, errorRate, type TokenSequence } from './metrics/sequence/edit-distance.ts';

// Input

export type { MetricInput, StridedArray, SyncMetricInput } from './metrics/input.ts';

// Statistics

export {
  type Interval,
  type IntervalOptions,
  type RunSummary,
  summarizeRuns,
  wilsonInterval,
} from './metrics/statistics/intervals.ts';
export { type McNemarOptions, type McNemarResult, mcnemar } from './metrics/statistics/mcnemar.ts';
