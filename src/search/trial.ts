import { ValueError } from '../ir/errors.ts';
import { defaultGenerator, seed } from '../tensor/random.ts';
import { errorMessage } from '../util/error-message.ts';
import { fields } from './json.ts';
import type { ParametersOf, Point, Space } from './space.ts';

/** What a trial is told besides its parameters. */
export interface TrialContext {
  /** The trial's number, counted from 0. */
  readonly trial: number;
  /** How long to train. */
  readonly epochs: number;
  /**
   * From 0 to 2^32 - 1, another for each trial, the same in every round. The default generator starts from it,
   * so that `fit` and initial values need nothing more.
   */
  readonly seed: number;
  /**
   * Aborted when the search is; for `fit`. In a worker it never is: there the worker is stopped, whatever it
   * does.
   */
  readonly signal: AbortSignal;
}

/** Numbers by name, measured on validation data. */
export type TrialMetrics<M extends string = string> = { readonly [name in M]: number };

/**
 * Trains with the given parameters and says how well that went, on validation data. Its results must be
 * a function of its arguments alone: then so are those of the search.
 */
export type TrialFunction<S extends Space, M extends string = string> = (
  parameters: ParametersOf<S>,
  context: TrialContext,
) => TrialMetrics<M> | Promise<TrialMetrics<M>>;

/** A trial to be run, as plain data that another thread can be sent. */
export interface TrialTask {
  readonly parameters: Point;
  readonly trial: number;
  readonly epochs: number;
  readonly seed: number;
}

/** What became of a trial: its metrics, or why there are none; and the time that it took. */
export type TrialOutcome =
  | { readonly metrics: TrialMetrics; readonly error?: undefined; readonly seconds: number }
  | { readonly error: string; readonly metrics?: undefined; readonly seconds: number };

/** Runs trials somewhere else than in the calling thread: see `inWorkers` of `ndgrad/node`. */
export interface TrialRunner {
  /** Called when a search begins. */
  open(): TrialSession;
}

/** A runner at work for one search. */
export interface TrialSession {
  /** How many trials may run at a time. */
  readonly concurrency: number;
  /** Resolves whatever becomes of the trial; rejects where no trial can run, or the session is closed. */
  run(task: TrialTask): Promise<TrialOutcome>;
  /** Ends trials that run, so that their `run` rejects, and frees all. May be called again. */
  close(): Promise<void>;
}

/** Runs one trial in this thread. What the default generator gives afterwards does not depend on it. */
export async function runTrial<S extends Space>(
  trial: TrialFunction<S>,
  task: TrialTask,
  signal: AbortSignal,
): Promise<TrialOutcome> {
  const { parameters, ...rest } = task;
  const before = defaultGenerator().getState();
  const start = performance.now();
  const seconds = (): number => Math.round(performance.now() - start) / 1000;
  seed(task.seed);
  try {
    const metrics: unknown = await trial(structuredClone(parameters) as ParametersOf<S>, { ...rest, signal });
    return { metrics: checkedMetrics(metrics), seconds: seconds() };
  } catch (error) {
    return { error: errorMessage(error), seconds: seconds() };
  } finally {
    defaultGenerator().setState(before);
  }
}

/** The calling thread as a session: one trial after the other. */
export function inThread<S extends Space>(trial: TrialFunction<S>, signal: AbortSignal): TrialSession {
  return {
    concurrency: 1,
    async run(task) {
      const outcome = await runTrial(trial, task, signal);
      // What failed since it was aborted is no failure of the trial.
      if (outcome.error !== undefined) signal.throwIfAborted();
      return outcome;
    },
    async close() {},
  };
}

function checkedMetrics(value: unknown): TrialMetrics {
  const found = fields(value);
  if (found === null) {
    throw new ValueError(
      `[search] the trial gave ${value === null ? 'null' : typeof value}, wanted numbers by name: { accuracy: 0.97 }.`,
    );
  }
  const metrics: Record<string, number> = {};
  for (const [name, number] of Object.entries(found)) {
    if (typeof number !== 'number') {
      throw new ValueError(
        `[search] the trial gave a ${typeof number} as '${name}', wanted a number. Await it, or read it with item().`,
      );
    }
    metrics[name] = number;
  }
  return metrics;
}
