/** The entry point `ndgrad/search`: hyper-parameter search. */

// Dimensions of a search space

export {
  choice,
  type Dimension,
  type IntegerOptions,
  integer,
  logUniform,
  type RangeOptions,
  uniform,
} from './search/dimension.ts';
export type { ParametersOf, Point as SearchPoint, Space } from './search/space.ts';

// Strategies

export {
  type GridSearchOptions,
  gridSearch,
  type RandomSearchOptions,
  type Rung,
  randomSearch,
  type Strategy,
  type SuccessiveHalvingOptions,
  successiveHalving,
} from './search/strategy.ts';

// Search and results

export type { SearchReport } from './search/progress.ts';
export type { Objective, SearchResults, TableOptions } from './search/results.ts';
export { type SearchOptions, search } from './search/search.ts';
export type { TrialRun } from './search/trial-run.ts';

// Journals

export type { Journal } from './search/journal.ts';
export type { Json } from './search/json.ts';

// Trials and where they run

export type {
  TrialContext,
  TrialFunction,
  TrialMetrics,
  TrialOutcome,
  TrialRunner,
  TrialSession,
  TrialTask,
} from './search/trial.ts';
