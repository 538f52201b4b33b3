import { checkCount, describe, readOptions } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import { normalQuantile, studentQuantile } from './distributions.ts';

/** Options of {@link wilsonInterval} and {@link summarizeRuns}. */
export interface IntervalOptions {
  /** The probability that such an interval contains the true value, above 0 and below 1; default 0.95. */
  readonly confidence?: number;
}

export type Interval = readonly [low: number, high: number];

/** The result of {@link summarizeRuns}. */
export interface RunSummary {
  readonly runs: number;
  readonly mean: number;
  /** The sample standard deviation, with `runs - 1` in the denominator; NaN for a single run. */
  readonly standardDeviation: number;
  /** The confidence interval of the expected value; NaN for a single run. */
  readonly interval: Interval;
}

/**
 * The confidence interval of a proportion (Wilson 1927), such as the accuracy of a model that was right for `successes`
 * of `trials` test samples. It is valid for few trials and for proportions near 0 and 1, and stays within 0 and 1. As
 * statsmodels' `proportion_confint` with `method='wilson'`.
 *
 * The interval describes the variation over test samples for one trained model. For the variation over seeds see
 * {@link summarizeRuns}.
 *
 * @throws ValueError unless the counts are whole numbers with 0 <= successes <= trials and trials >= 1
 */
export function wilsonInterval(successes: number, trials: number, options?: IntervalOptions): Interval {
  checkCount('wilsonInterval', arguments.length, 3);
  const tail = tailOf('wilsonInterval', options);
  if (!Number.isInteger(trials) || trials < 1) {
    throw new ValueError(
      `[wilsonInterval] got ${describe(trials)} trials, wanted a whole number of at least 1.`,
    );
  }
  if (!Number.isInteger(successes) || successes < 0 || successes > trials) {
    throw new ValueError(
      `[wilsonInterval] got ${describe(successes)} successes in ${trials} trials, wanted a whole number from 0 to ${trials}. ` +
        'Pass counts of samples, not fractions.',
    );
  }
  // The proportions x for which |x - p| is z standard deviations: (1 + q) x^2 - (2p + q) x + p^2 = 0.
  const z = normalQuantile(tail);
  const q = (z * z) / trials;
  const p = successes / trials;
  const rest = (trials - successes) / trials;
  const sum = 2 * p + q + Math.sqrt(q * (q + 4 * p * rest));
  return [(2 * p * p) / sum, successes === trials ? 1 : sum / (2 * (1 + q))];
}

/**
 * Mean, standard deviation and confidence interval of the mean (Student's t), for example of the accuracies of one model
 * trained with several seeds. As SciPy's `t.interval` with the standard error of the mean.
 *
 * @param values one number per run, drawn independently
 * @throws ValueError without runs, or if a value is NaN or infinite
 */
export function summarizeRuns(values: ArrayLike<number>, options?: IntervalOptions): RunSummary {
  checkCount('summarizeRuns', arguments.length, 2);
  const tail = tailOf('summarizeRuns', options);
  if (!Array.isArray(values) && !ArrayBuffer.isView(values)) {
    throw new ValueError(
      `[summarizeRuns] got ${describe(values)}, wanted an array with a number for each run.`,
    );
  }
  const runs = values.length;
  if (runs === 0) throw new ValueError('[summarizeRuns] got no runs, wanted one number for each.');
  // With differences from the first value, equal runs have a deviation of 0 and large values keep their precision.
  const first = values[0]!;
  const differences = Float64Array.from(values, (value) => value - first);
  const wrong = differences.findIndex((difference) => !Number.isFinite(difference));
  if (wrong >= 0) {
    throw new ValueError(
      `[summarizeRuns] run ${wrong} is ${values[wrong]}, wanted a finite number. ` +
        'Leave out diverged runs and report them separately.',
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

/** The probability beyond each end of an interval. */
function tailOf(operation: string, options: IntervalOptions | undefined): number {
  const { confidence } = readOptions(operation, options, { confidence: 0.95 });
  const tail = (1 - confidence) / 2;
  if (tail > 0 && tail < 0.5) return tail;
  throw new ValueError(
    `[${operation}] got confidence ${describe(confidence)}, wanted a number above 0 and below 1, such as 0.95.`,
  );
}
