export { Adagrad, type AdagradOptions } from './adagrad.ts';
export { Adam, type AdamOptions } from './adam.ts';
export { AdamW } from './adamw.ts';
export type { ClipOptions } from './clip.ts';
export { Lion, type LionOptions } from './lion.ts';
export { Lookahead, type LookaheadOptions } from './lookahead.ts';
export { MultiOptimizer, type MultiOptimizerOptions } from './multi-optimizer.ts';
export { Muon, type MuonOptions } from './muon.ts';
export { NAdam, type NAdamOptions } from './nadam.ts';
export {
  type InnerState,
  type MinimizeOptions,
  Optimizer,
  type OptimizerOptions,
  type OptimizerState,
  type Slots,
  type Update,
} from './optimizer.ts';
export { RAdam, type RAdamOptions } from './radam.ts';
export { RMSprop, type RMSpropOptions } from './rmsprop.ts';
export { type Schedule, schedules } from './schedules.ts';
export { SGD, type SGDOptions } from './sgd.ts';
export type { ParameterState } from './state.ts';
export { WeightAverage, type WeightAverageOptions, type WeightAverageState } from './weight-average.ts';
