import { checkCount, readOptions } from '../ir/arguments.ts';
import { StateError } from '../ir/errors.ts';
import type { Point } from './space.ts';
import { resultsTable } from './table.ts';
import type { TrialRun } from './trial-run.ts';

/** The metric to maximize or minimize. */
export type Objective<M extends string = string> =
  | { readonly maximize: M; readonly minimize?: undefined }
  | { readonly minimize: M; readonly maximize?: undefined };

/** Options of `SearchResults.table`. */
export interface TableOptions {
  /** The number of trials in the table, the best first; all by default. */
  readonly limit?: number;
}

/** The results of a search. */
export class SearchResults<P = Point> {
  /** All runs, by round and trial number. */
  readonly runs: readonly TrialRun<P>[];
  /**
   * The latest run of each trial, the best first. Runs of later rounds precede runs of earlier ones, so that only runs
   * with the same budget are compared. Failed runs are last.
   */
  readonly trials: readonly TrialRun<P>[];
  /** The name of the objective's metric. */
  readonly objective: string;
  /** The number of runs that were read from the journal. */
  readonly resumed: number;

  /**
   * `search` makes it.
   *
   * @internal
   */
  constructor(runs: readonly TrialRun<P>[], objective: Objective, resumed: number) {
    this.runs = runs;
    this.objective = objectiveName(objective);
    this.resumed = resumed;
    const latest = new Map(runs.map((run) => [run.trial, run]));
    this.trials = [...latest.values()].sort(
      (a, b) =>
        Number(a.error !== null) - Number(b.error !== null) || b.rung - a.rung || compare(objective, a, b),
    );
  }

  /** The best trial of the last round. @throws StateError if all trials failed. */
  get best(): TrialRun<P> {
    const best = this.trials[0];
    if (best?.error === null) return best;
    throw new StateError(
      `[search] all ${this.trials.length} trials failed, the first one with: ${best?.error}. ` +
        'Fix the trial function, or widen the space.',
    );
  }

  /**
   * The trials as a table of plain text, the best first: number, parameters, epochs, metrics and seconds. The errors of
   * failed trials are below it.
   */
  table(options?: TableOptions): string {
    checkCount('table', arguments.length, 1);
    const { limit } = readOptions('table', options, { limit: this.trials.length });
    return resultsTable(this.trials, this.objective, limit);
  }
}

/** The name of the metric to maximize or minimize. */
export const objectiveName = (objective: Objective): string => objective.maximize ?? objective.minimize;

/** Orders two successful runs with the same budget: the better one first, then by number. */
export function compare(objective: Objective, a: TrialRun<unknown>, b: TrialRun<unknown>): number {
  const name = objectiveName(objective);
  const difference = (a.metrics[name] ?? 0) - (b.metrics[name] ?? 0);
  return (objective.maximize === undefined ? difference : -difference) || a.trial - b.trial;
}
