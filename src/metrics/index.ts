export {
  Accuracy,
  BinaryAccuracy,
  type BinaryAccuracyOptions,
  TopKAccuracy,
  type TopKAccuracyOptions,
} from './accuracy.ts';
export {
  type ClassScoreOptions,
  ConfusionMatrix,
  type ConfusionMatrixOptions,
  F1,
  Precision,
  Recall,
} from './classification.ts';
export {
  type ConfusionOptions,
  confusionMatrix,
  f1Score,
  precision,
  recall,
  type ScoreOptions,
} from './functions.ts';
export type { MetricInput, StridedArray, SyncMetricInput } from './input.ts';
export {
  type Interval,
  type IntervalOptions,
  type RunSummary,
  summarizeRuns,
  wilsonInterval,
} from './intervals.ts';
export { type McNemarOptions, type McNemarResult, mcnemar } from './mcnemar.ts';
export { Mean, type Metric, type MetricOptions } from './metric.ts';
export { MeanAbsoluteError, MeanSquaredError } from './regression.ts';
export { classificationReport, type ReportOptions } from './report.ts';
export type { Average } from './scores.ts';
