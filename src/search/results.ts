import { StateError } from '../ir/errors.ts';
import type { Point } from './space.ts';
import { tableOf } from './table.ts';
import type { TrialRun } from './trial-run.ts';

/** Which metric is to become large or small. */
export type Objective<M extends string = string> =
  | { readonly maximize: M; readonly minimize?: undefined }
  | { readonly minimize: M; readonly maximize?: undefined };

/** Options of `SearchResults.table`. */
export interface TableOptions {
  /** How many of the trials are shown, from the best; all by default. */
  readonly limit?: number;
}

/** What came of a search. */
export class SearchResults<P = Point> {
  /** All runs, round by round, in the order of the trials' numbers. */
  readonly runs: readonly TrialRun<P>[];
  /**
   * The latest run of each trial, the best first: those of later rounds before those of earlier ones, so that
   * only runs of one budget are compared, and those that failed last.
   */
  readonly trials: readonly TrialRun<P>[];
  /** The name of the metric that was to become large or small. */
  readonly objective: string;
  /** How many of the runs were taken from the journal. */
  readonly resumed: number;

  /**
   * `search` makes it.
   *
   * @internal
   */
  constructor(runs: readonly TrialRun<P>[], objective: Objective, resumed: number) {
    this.runs = runs;
    this.objective = nameOf(objective);
    this.resumed = resumed;
    const latest = new Map(runs.map((run) => [run.trial, run]));
    this.trials = [...latest.values()].sort(
      (a, b) =>
        Number(a.error !== null) - Number(b.error !== null) || b.rung - a.rung || compare(objective, a, b),
    );
  }

  /** The best trial of the last round. Throws a StateError where all trials failed. */
  get best(): TrialRun<P> {
    const best = this.trials[0];
    if (best?.error === null) return best;
    throw new StateError(
      `[search] all ${this.trials.length} trials failed, the first one with: ${best?.error}. ` +
        'Mend the trial function, or widen the space.',
    );
  }

  /**
   * The trials as a table of plain text, the best first: number, parameters, epochs, metrics and seconds.
   * Below it stands why trials failed.
   */
  table(options: TableOptions = {}): string {
    return tableOf(this.trials, this.objective, options.limit ?? this.trials.length);
  }
}

/** The metric that decides. */
export const nameOf = (objective: Objective): string => objective.maximize ?? objective.minimize;

/** Orders two runs of one budget, neither of which failed: the better one first, then by number. */
export function compare(objective: Objective, a: TrialRun<unknown>, b: TrialRun<unknown>): number {
  const name = nameOf(objective);
  const difference = (a.metrics[name] ?? 0) - (b.metrics[name] ?? 0);
  return (objective.maximize === undefined ? difference : -difference) || a.trial - b.trial;
}
