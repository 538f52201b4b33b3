export {
  choice,
  type Dimension,
  type IntegerOptions,
  integer,
  logUniform,
  type RangeOptions,
  uniform,
} from './dimension.ts';
export type { Journal } from './journal.ts';
export type { Json } from './json.ts';
export type { SearchReport } from './progress.ts';
export { type Objective, SearchResults, type TableOptions } from './results.ts';
export { type SearchOptions, search } from './search.ts';
export type { ParametersOf, Point as SearchPoint, Space } from './space.ts';
export {
  type GridSearchOptions,
  gridSearch,
  type RandomSearchOptions,
  type Rung,
  randomSearch,
  type Strategy,
  type SuccessiveHalvingOptions,
  successiveHalving,
} from './strategy.ts';
export type {
  TrialContext,
  TrialFunction,
  TrialMetrics,
  TrialOutcome,
  TrialRunner,
  TrialSession,
  TrialTask,
} from './trial.ts';
export type { TrialRun } from './trial-run.ts';
