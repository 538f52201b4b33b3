import { ValueError } from '../../ir/errors.ts';
import { normalQuantile, studentQuantile } from './distributions.ts';

/** Options of {@link wilsonInterval} and {@link summarizeRuns}. */
export interface IntervalOptions {
  /** How often such an interval holds the true value, above 0 and below 1; default 0.95. */
  readonly confidence?: number;
}

export type Interval = readonly [low: number, high: number];

/** A result over several runs: what {@link summarizeRuns} gives. */
export interface RunSummary {
  readonly runs: number;
  readonly mean: number;
  /** The sample standard deviation, with `runs - 1` in the denominator; NaN for a single run. */
  readonly standardDeviation: number;
  /** For the mean of all runs that might have been made; NaN for a single run. */
  readonly interval: Interval;
}

/**
 * The confidence interval of a share, such as the accuracy of a model of which `successes` out of `trials`
 * test samples were right (Wilson 1927). It holds for few trials and for shares near 0 and 1, and stays
 * within them. statsmodels' `proportion_confint` with `method='wilson'`.
 *
 * The interval is about other test samples for the same trained model. For other seeds see {@link
 * summarizeRuns}.
 *
 * @throws ValueError where the counts are not whole numbers with 0 <= successes <= trials, or there are no
 *   trials
 */
export function wilsonInterval(successes: number, trials: number, options: IntervalOptions = {}): Interval {
  const tail = tailOf('wilsonInterval', options);
  if (!Number.isInteger(trials) || trials < 1) {
    throw new ValueError(`[wilsonInterval] got ${trials} trials, wanted a whole number of at least 1.`);
  }
  if (!Number.isInteger(successes) || successes < 0 || successes > trials) {
    throw new ValueError(
      `[wilsonInterval] got ${successes} successes in ${trials} trials, wanted a whole number from 0 to ${trials}. ` +
        'Pass counts of samples, not shares.',
    );
  }
  // The shares x for which |x - p| is z standard deviations: (1 + q) x^2 - (2p + q) x + p^2 = 0.
  const z = normalQuantile(tail);
  const q = (z * z) / trials;
  const p = successes / trials;
  const rest = (trials - successes) / trials;
  const sum = 2 * p + q + Math.sqrt(q * (q + 4 * p * rest));
  return [(2 * p * p) / sum, successes === trials ? 1 : sum / (2 * (1 + q))];
}

/**
 * Mean, standard deviation and confidence interval of the mean (Student's t) of a result, such as the
 * accuracies of the same model trained with several seeds. SciPy's `t.interval` with the standard error of
 * the mean.
 *
 * @param values one number per run, drawn independently
 * @throws ValueError where there is no run, or a value is NaN or infinite
 */
export function summarizeRuns(values: ArrayLike<number>, options: IntervalOptions = {}): RunSummary {
  const tail = tailOf('summarizeRuns', options);
  const runs = values.length;
  if (runs === 0) throw new ValueError('[summarizeRuns] got no runs, wanted one number for each.');
  // Differences from the first value: equal runs have a deviation of 0, and large values lose nothing.
  const first = values[0]!;
  const differences = Float64Array.from(values, (value) => value - first);
  const wrong = differences.findIndex((difference) => !Number.isFinite(difference));
  if (wrong >= 0) {
    throw new ValueError(
      `[summarizeRuns] run ${wrong} gave ${values[wrong]}, wanted a finite number. ` +
        'Tell of diverged runs beside the summary of the others.',
    );
  }
  const shift = differences.reduce((sum, d) => sum + d, 0) / runs;
  const squares = differences.reduce((sum, d) => sum + (d - shift) * (d - shift), 0);
  const mean = first + shift;
  if (runs === 1) return { runs, mean, standardDeviation: Number.NaN, interval: [Number.NaN, Number.NaN] };
  const standardDeviation = Math.sqrt(squares / (runs - 1));
  const margin = (studentQuantile(tail, runs - 1) * standardDeviation) / Math.sqrt(runs);
  return { runs, mean, standardDeviation, interval: [mean - margin, mean + margin] };
}

/** The chance beyond each end of an interval. */
function tailOf(operation: string, { confidence = 0.95 }: IntervalOptions): number {
  const tail = (1 - confidence) / 2;
  if (tail > 0 && tail < 0.5) return tail;
  throw new ValueError(
    `[${operation}] got confidence ${confidence}, wanted a number above 0 and below 1, such as 0.95.`,
  );
}
