export * from './callbacks/index.ts';
export { type CheckpointOptions, checkpoint } from './checkpoint/checkpoint.ts';
export type { Checkpoint } from './checkpoint/types.ts';
export { type EvaluateOptions, evaluate } from './evaluate.ts';
export {
  type FindLearningRateOptions,
  findLearningRate,
  type LearningRateCurve,
} from './find-learning-rate.ts';
export { type FitOptions, fit } from './fit.ts';
export type { History } from './history.ts';
export type { LossFunction, Model } from './model.ts';
export { type PredictOptions, predict } from './predict.ts';
export type { ProgressReport } from './progress.ts';
