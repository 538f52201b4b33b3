export {
  Accuracy,
  BinaryAccuracy,
  type BinaryAccuracyOptions,
  TopKAccuracy,
  type TopKAccuracyOptions,
} from './classification/accuracy.ts';
export type { Average } from './classification/class-scores.ts';
export {
  type ClassScoreOptions,
  ConfusionMatrix,
  type ConfusionMatrixOptions,
  F1,
  Precision,
  Recall,
} from './classification/confusion-matrix.ts';
export {
  type ConfusionOptions,
  confusionMatrix,
  f1Score,
  precision,
  recall,
  type ScoreOptions,
} from './classification/functions.ts';
export { classificationReport, type ReportOptions } from './classification/report.ts';
export type { MetricInput, StridedArray, SyncMetricInput } from './input.ts';
export { Mean, type Metric, type MetricOptions } from './metric.ts';
export { MeanAbsoluteError, MeanSquaredError } from './regression.ts';
export {
  type Interval,
  type IntervalOptions,
  type RunSummary,
  summarizeRuns,
  wilsonInterval,
} from './statistics/intervals.ts';
export { type McNemarOptions, type McNemarResult, mcnemar } from './statistics/mcnemar.ts';
