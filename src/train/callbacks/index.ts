export type { BatchLogs, Callback, EpochLogs, NaNLoss, Training } from './callback.ts';
export { type EarlyStoppingOptions, earlyStopping } from './early-stopping.ts';
export { learningRateLogger } from './learning-rate-logger.ts';
export { type ReduceOnPlateauOptions, reduceOnPlateau } from './reduce-on-plateau.ts';
export { stopOnNaN } from './stop-on-nan.ts';
