export * from './callbacks/index.ts';
export { type EvaluateOptions, evaluate } from './evaluate.ts';
export { type FitOptions, fit } from './fit.ts';
export type { History } from './history.ts';
export type { LossFunction, Model } from './model.ts';
export { type PredictOptions, predict } from './predict.ts';
export type { ProgressReport } from './progress.ts';
