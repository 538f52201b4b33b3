import {
  checkCount,
  checkOptions,
  checkSignal,
  checkWhole,
  describe,
  isRecord,
  type Known,
  refusal,
} from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import type { Signal } from '../util/host-types.ts';

import type { Dimension } from './dimension.ts';
import { type Journal, OpenJournal } from './journal.ts';
import type { Json } from './json.ts';
import { progressReporter, type SearchReport } from './progress.ts';
import { compare, type Objective, objectiveName, SearchResults } from './results.ts';
import { type ParametersOf, type Point, type Space, trialSeed } from './space.ts';
import type { Rung, Strategy } from './strategy.ts';
import {
  inThread,
  type TrialFunction,
  type TrialOutcome,
  type TrialRunner,
  type TrialSession,
  type TrialTask,
} from './trial.ts';
import type { TrialRun } from './trial-run.ts';

/** Options of `search`. */
export interface SearchOptions<S extends Space, M extends string = string> {
  /** The hyper-parameters: `choice`, `integer`, `uniform`, `logUniform`. */
  readonly space: S;
  /** `gridSearch`, `randomSearch` or `successiveHalving`. */
  readonly strategy: Strategy;
  /** The metric that ranks trials, and whether large or small values are better. */
  readonly objective: Objective<NoInfer<M>>;
  /**
   * Trains a model and measures it on validation data. A function runs in the calling thread, one trial after the other;
   * `inWorkers` of `ndgrad/node` runs trials in parallel, `bullmq` of `ndgrad/bullmq` on any number of machines.
   */
  readonly trial: TrialFunction<S, M> | TrialRunner;
  /** Determines the points and the trials' seeds: from 0 to 2^53 - 1, 0 by default. */
  readonly seed?: number;
  /**
   * Stores each run when it has finished. Runs that are in the journal are not repeated. See `fileJournal` of
   * `ndgrad/node`.
   */
  readonly journal?: Journal | undefined;
  /**
   * The version of the trial function, for the journal. Change it when the function or its data change, so that runs of
   * an older version are rejected.
   */
  readonly version?: string | number | undefined;
  /** Stops the search, which rejects with the signal's reason. Finished runs stay in the journal. */
  readonly signal?: Signal | undefined;
  /**
   * true writes a line for each run, false writes nothing; by default true if the standard output is a terminal. A
   * function is called after each run.
   */
  readonly progress?: boolean | ((report: SearchReport<ParametersOf<S>>) => void);
}

/**
 * Searches for good hyper-parameters: runs a trial for each point of the space that the strategy picks, and ranks the
 * trials.
 *
 * The trial function should measure on validation data. Use test data only once, for the final model: a score that was
 * used to choose a model overestimates its quality.
 *
 * If the results of the trial function depend on its arguments only, then the same space, strategy and seed give the
 * same trials and numbers, for any number of workers and after any interruption. A run depends on the space, the seed,
 * the trial's number and its epochs, so a journal can also be used by a search with more trials, another objective or
 * another `factor`.
 *
 * A trial fails if it throws, returns no finite number for the objective, or ends its worker. Failed trials rank last,
 * and the search continues.
 *
 * @throws ValueError before the first trial if options do not fit together. @throws StateError if the journal belongs to
 *   another search, or another search uses it at the moment.
 */
export async function search<S extends Space, M extends string = string>(
  options: SearchOptions<S, M>,
): Promise<SearchResults<ParametersOf<S>>> {
  checkCount('search', arguments.length, 1);
  check(options);
  const { space, strategy, objective, trial, signal = new AbortController().signal } = options;
  signal.throwIfAborted();
  const seed = options.seed ?? 0;
  const points = strategy.points(space, seed) as readonly (Point & ParametersOf<S>)[];
  const rungs = strategy.rungs(points.length);
  checkEpochs(space, points, rungs);
  const { journal, version = null } = options;
  const description = Object.fromEntries(
    Object.entries<Dimension<Json>>(space).map(([name, dimension]) => [name, dimension.description]),
  );
  const identity = { space: description, sampler: strategy.sampler, seed, version };
  const openJournal = journal === undefined ? null : await OpenJournal.open(journal, identity);
  try {
    const progress = progressReporter(options.progress, objectiveName(objective));
    const round = new Rounds(objective, points, seed, openJournal, progress);
    const session = typeof trial === 'function' ? inThread(trial, signal) : trial.open();
    const stop = (): void => round.fail(signal.reason, session);
    signal.addEventListener('abort', stop);
    try {
      if (signal.aborted) stop();
      return await round.run(rungs, session);
    } finally {
      signal.removeEventListener('abort', stop);
      await session.close();
    }
  } finally {
    await openJournal?.close();
  }
}

type ReportProgress<P> = (report: SearchReport<P>) => void;

/** The rounds of one search. */
class Rounds<P extends Point> {
  readonly #objective: Objective;
  readonly #points: readonly P[];
  readonly #seed: number;
  readonly #journal: OpenJournal | null;
  readonly #report: ReportProgress<P>;
  readonly #runs: TrialRun<P>[] = [];
  #resumed = 0;
  #done = 0;
  #total = 0;
  #failure: { readonly error: unknown } | null = null;

  constructor(
    objective: Objective,
    points: readonly P[],
    seed: number,
    openJournal: OpenJournal | null,
    report: ReportProgress<P>,
  ) {
    this.#objective = objective;
    this.#points = points;
    this.#seed = seed;
    this.#journal = openJournal;
    this.#report = report;
  }

  /** Starts no further trials and ends running ones; the search rejects with `error`. */
  fail(error: unknown, session: TrialSession): void {
    if (this.#failure !== null) return;
    this.#failure = { error };
    // Errors are reported when the session is closed again at the end of the search.
    session.close().catch(() => {});
  }

  async run(rungs: readonly Rung[], session: TrialSession): Promise<SearchResults<P>> {
    this.#total = rungs.reduce((sum, { trials }) => sum + trials, 0);
    let alive = this.#points.map((_, trial) => trial);
    for (const [number, rung] of rungs.entries()) {
      // Failed trials are not replaced.
      this.#total -= rung.trials - Math.min(rung.trials, alive.length);
      alive = alive.slice(0, rung.trials);
      const runs = await this.#rung(number, rung, alive, session);
      this.#runs.push(...runs);
      alive = runs
        .filter(({ error }) => error === null)
        .sort((a, b) => compare(this.#objective, a, b))
        .map(({ trial }) => trial);
    }
    return new SearchResults(this.#runs, this.#objective, this.#resumed);
  }

  /** Runs the trials of one round, `session.concurrency` at a time. The result is ordered by number. */
  async #rung(
    number: number,
    rung: Rung,
    trials: readonly number[],
    session: TrialSession,
  ): Promise<TrialRun<P>[]> {
    const runs: TrialRun<P>[] = [];
    const left: TrialTask[] = [];
    const add = (task: TrialTask, outcome: TrialOutcome): TrialRun<P> => {
      const run = this.#judge(number, task, outcome);
      runs.push(run);
      this.#done++;
      return run;
    };
    for (const trial of [...trials].sort((a, b) => a - b)) {
      const task = this.#task(trial, rung);
      const recorded = this.#journal?.find(task);
      if (recorded === undefined) {
        left.push(task);
      } else {
        add(task, recorded);
        this.#resumed++;
      }
    }
    const queue = left.values();
    const loop = async (): Promise<void> => {
      for (const task of queue) {
        if (this.#failure !== null) return;
        const outcome = await session.run(task);
        await this.#journal?.record({ ...task, ...outcome });
        const run = add(task, outcome);
        this.#report({ run, done: this.#done, total: this.#total, resumed: this.#resumed });
      }
    };
    const loops = Array.from({ length: Math.min(session.concurrency, left.length) }, () =>
      loop().catch((error: unknown) => this.fail(error, session)),
    );
    await Promise.all(loops);
    this.#throwFailure();
    return runs.sort((a, b) => a.trial - b.trial);
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  #task(trial: number, { epochs }: Rung): TrialTask {
    const parameters = this.#points[trial]!;
    return {
      parameters,
      trial,
      epochs: epochs ?? parameterEpochs(parameters),
      seed: trialSeed(this.#seed, trial),
    };
  }

  #judge(rung: number, task: TrialTask, outcome: TrialOutcome): TrialRun<P> {
    const { trial, epochs, seed } = task;
    const { metrics = {}, seconds } = outcome;
    const error = outcome.error ?? rankingError(metrics, objectiveName(this.#objective));
    return { trial, rung, epochs, seed, parameters: this.#points[trial]!, metrics, error, seconds };
  }
}

/** Why metrics cannot be ranked; null if they can. */
function rankingError(metrics: Readonly<Record<string, number>>, name: string): string | null {
  if (!Object.hasOwn(metrics, name)) {
    return `the trial returned no '${name}', only ${Object.keys(metrics).join(', ') || 'nothing'}`;
  }
  return Number.isFinite(metrics[name]) ? null : `${name} is ${metrics[name]}`;
}

/** The parameter `epochs`; 1 without it. */
const parameterEpochs = ({ epochs = 1 }: Point): number => Number(epochs);

const searchOptions: Known<SearchOptions<Space>> = {
  space: 0,
  strategy: 0,
  objective: 0,
  trial: 0,
  seed: 0,
  journal: 0,
  version: 0,
  signal: 0,
  progress: 0,
};

function check<S extends Space, M extends string>(options: SearchOptions<S, M>): void {
  checkOptions('search', options ?? null, searchOptions);
  const {
    space,
    strategy,
    objective,
    trial,
    seed = 0,
    journal,
    signal,
    version = 0,
    progress = true,
  } = options;
  checkSignal('search', signal);
  if (journal !== undefined && typeof journal?.append !== 'function') {
    throw new ValueError(
      `[search] got journal ${describe(journal)}, wanted one such as fileJournal('runs.jsonl').`,
    );
  }
  if (!isRecord(space)) {
    throw new ValueError(
      `[search] got space ${describe(space)}, wanted an object such as { width: integer(8, 64) }.`,
    );
  }
  if (typeof version !== 'string' && typeof version !== 'number')
    throw refusal('search', 'version', version, 'a string or a number');
  if (typeof progress !== 'boolean' && typeof progress !== 'function')
    throw refusal('search', 'progress', progress, 'true, false or a function');
  checkOptions('search', objective, { maximize: 0, minimize: 0 }, 'objective');
  checkWhole('search', 'seed', seed, 0);
  for (const [name, dimension] of Object.entries<Dimension<Json> | undefined>(space)) {
    if (typeof dimension?.at === 'function') continue;
    throw new ValueError(
      `[search] got ${describe(dimension)} as '${name}' of the space, wanted choice, integer, uniform or logUniform. ` +
        'For a constant use choice([2]).',
    );
  }
  if (typeof strategy?.points !== 'function') {
    throw new ValueError(
      `[search] got strategy ${describe(strategy)}, wanted gridSearch(), randomSearch({ trials }) or successiveHalving({ ... }).`,
    );
  }
  const names = [objective?.maximize, objective?.minimize].filter((name) => typeof name === 'string');
  if (names.length !== 1) {
    throw new ValueError(
      "[search] got no objective or two, wanted { maximize: 'accuracy' } or { minimize: 'loss' }.",
    );
  }
  if (typeof trial !== 'function' && typeof trial?.open !== 'function') {
    throw new ValueError(
      `[search] got trial ${describe(trial)}, wanted a function, or inWorkers(new URL('./trial.ts', import.meta.url)).`,
    );
  }
}

/** Either the strategy or the parameter `epochs` sets the length of a trial. */
function checkEpochs(space: Space, points: readonly Point[], rungs: readonly Rung[]): void {
  if (!Object.hasOwn(space, 'epochs')) return;
  const fixed = rungs.find(({ epochs }) => epochs !== null);
  if (fixed !== undefined) {
    throw new ValueError(
      `[search] the space has 'epochs', and the strategy has ${fixed.epochs} epochs. Remove one of them.`,
    );
  }
  const wrong = points.find(({ epochs }) => !(Number.isSafeInteger(epochs) && Number(epochs) >= 1));
  if (wrong === undefined) return;
  throw new ValueError(
    `[search] got ${JSON.stringify(wrong.epochs)} as 'epochs' of the space, wanted whole numbers from 1 up.`,
  );
}
