export * from './callbacks/index.ts';
export { type CheckpointOptions, checkpoint } from './checkpoint/checkpoint.ts';
export type { Checkpoint } from './checkpoint/types.ts';
export { type EvaluateOptions, evaluate } from './evaluate.ts';
export {
  type FindLearningRateOptions,
  findLearningRate,
  type LearningRateCurve,
} from './find-learning-rate.ts';
export { fit } from './fit.ts';
export type { FitOptions } from './fit-options.ts';
export type { History } from './history.ts';
export type { Model, Predictions } from './model.ts';
export type { Loss, LossFunction, Metrics, WeightedLoss } from './outputs.ts';
export { type PredictOptions, predict } from './predict.ts';
export type { ProgressReport } from './progress.ts';
export type { World } from './world.ts';
