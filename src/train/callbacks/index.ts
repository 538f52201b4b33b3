export { type BestModelOptions, bestModel } from './best-model.ts';
export type { BatchLogs, Callback, EpochLogs, NaNLoss, Training } from './callback.ts';
export { type DiagnosticsOptions, diagnostics } from './diagnostics.ts';
export { type EarlyStoppingOptions, earlyStopping } from './early-stopping.ts';
export { csvLog, jsonLinesLog, type LogFile, type LogOptions, type LogTarget } from './epoch-log.ts';
export { learningRateLogger } from './learning-rate-logger.ts';
export { type ReduceOnPlateauOptions, reduceOnPlateau } from './reduce-on-plateau.ts';
export { stopOnNaN } from './stop-on-nan.ts';
export { timeLimit } from './time-limit.ts';
