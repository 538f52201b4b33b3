import { ValueError } from '../ir/errors.ts';
import { defaultGenerator, seed } from '../tensor/random.ts';
import { errorMessage } from '../util/error-message.ts';
import type { Signal } from '../util/host-types.ts';
import { now } from '../util/timers.ts';
import { fields } from './json.ts';
import type { ParametersOf, Point, Space } from './space.ts';

/** The second argument of a trial function. */
export interface TrialContext {
  /** The trial's number, counted from 0. */
  readonly trial: number;
  /** The number of epochs to train. */
  readonly epochs: number;
  /**
   * From 0 to 2^32 - 1, different for each trial and the same in every round. The default generator is seeded with it,
   * so `fit` and initial values need no other seed.
   */
  readonly seed: number;
  /**
   * Aborted when the search is aborted; pass it to `fit`. In a worker it is never aborted: the worker is terminated.
   */
  readonly signal: Signal;
}

/** Numbers by name, measured on validation data. */
export type TrialMetrics<M extends string = string> = { readonly [name in M]: number };

/**
 * Trains a model with the given parameters and returns metrics on validation data. The results of a search are
 * reproducible if those of the trial function depend on its arguments only.
 */
export type TrialFunction<S extends Space, M extends string = string> = (
  parameters: ParametersOf<S>,
  context: TrialContext,
) => TrialMetrics<M> | Promise<TrialMetrics<M>>;

/** A trial to run, as plain data that can be sent to another thread. */
export interface TrialTask {
  readonly parameters: Point;
  readonly trial: number;
  readonly epochs: number;
  readonly seed: number;
}

/** The outcome of a trial: its metrics or its error, and the duration. */
export type TrialOutcome =
  | { readonly metrics: TrialMetrics; readonly error?: undefined; readonly seconds: number }
  | { readonly error: string; readonly metrics?: undefined; readonly seconds: number };

/** Runs trials outside of the calling thread: see `inWorkers` of `ndgrad/node` and `bullmq` of `ndgrad/bullmq`. */
export interface TrialRunner {
  /** Called when a search begins. */
  open(): TrialSession;
}

/** The runner of one search. */
export interface TrialSession {
  /** The number of trials that may run in parallel. */
  readonly concurrency: number;
  /** Resolves when the trial has succeeded or failed. Rejects if no trial can run, or the session is closed. */
  run(task: TrialTask): Promise<TrialOutcome>;
  /** Ends running trials, so that their `run` rejects, and frees all resources. May be called again. */
  close(): Promise<void>;
}

/** Runs one trial in this thread. Restores the state of the default generator afterwards. */
export async function runTrial<S extends Space>(
  trial: TrialFunction<S>,
  task: TrialTask,
  signal: Signal,
): Promise<TrialOutcome> {
  const { parameters, ...rest } = task;
  const before = defaultGenerator().getState();
  const start = now();
  const seconds = (): number => Math.round(now() - start) / 1000;
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

/** A session that runs trials in the calling thread, one after the other. */
export function inThread<S extends Space>(trial: TrialFunction<S>, signal: Signal): TrialSession {
  return {
    concurrency: 1,
    async run(task) {
      const outcome = await runTrial(trial, task, signal);
      // An error after an abort is not a failure of the trial.
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
      `[search] the trial returned ${value === null ? 'null' : typeof value}, wanted numbers by name: { accuracy: 0.97 }.`,
    );
  }
  const metrics: Record<string, number> = {};
  for (const [name, number] of Object.entries(found)) {
    if (typeof number !== 'number') {
      throw new ValueError(
        `[search] the trial returned a ${typeof number} as '${name}', wanted a number. Await it, or read it with item().`,
      );
    }
    metrics[name] = number;
  }
  return metrics;
}
