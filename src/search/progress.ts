import { metricText, parameterText } from './table.ts';
import type { TrialOutcome, TrialTask } from './trial.ts';
import type { TrialRun } from './trial-run.ts';

/** The progress of a search. */
export interface SearchReport<P = unknown> {
  /** The finished run. */
  readonly run: TrialRun<P>;
  /** The number of finished runs, including those from the journal. */
  readonly done: number;
  /** The expected number of runs. It decreases if so many trials fail that a later round has fewer. */
  readonly total: number;
  /** The number of runs from the journal. */
  readonly resumed: number;
}

/** The function that implements the option `progress` of `search`. */
export function progressReporter<P>(
  progress: boolean | ((report: SearchReport<P>) => void) | undefined,
  objective: string,
): (report: SearchReport<P>) => void {
  if (typeof progress === 'function') return progress;
  const { process } = globalThis as { process?: { stdout?: { isTTY?: boolean } } };
  if (!(progress ?? process?.stdout?.isTTY ?? false)) return () => {};
  return (report) => console.log(reportLine(report, objective));
}

/** `[ 7/39]  trial 6  epochs 1  accuracy 0.9621  4.5 s  learningRate 0.00123  width 128`. */
export function reportLine<P>({ run, done, total }: SearchReport<P>, objective: string): string {
  const result =
    run.error === null ? metricsText({ [objective]: run.metrics[objective] }) : failure(run.error);
  return `[${String(done).padStart(String(total).length)}/${total}]  ${runText(run, result)}`;
}

/** `trial 6  epochs 1  accuracy 0.9621  loss 0.1204  4.5 s  learningRate 0.00123  width 128`. */
export const outcomeLine = (task: TrialTask, { metrics, error, seconds }: TrialOutcome): string =>
  runText({ ...task, seconds }, error === undefined ? metricsText(metrics) : failure(error));

const failure = (error: string): string => `failed: ${error}`;

const metricsText = (metrics: { readonly [name: string]: number | undefined }): string =>
  Object.entries(metrics)
    .map(([name, value]) => `${name} ${metricText(value)}`)
    .join('  ');

interface RunLike {
  readonly trial: number;
  readonly epochs: number;
  readonly seconds: number;
  readonly parameters: unknown;
}

const runText = ({ trial, epochs, seconds, parameters }: RunLike, result: string): string =>
  [
    `trial ${trial}`,
    `epochs ${epochs}`,
    result,
    `${seconds.toFixed(1)} s`,
    ...Object.entries(parameters ?? {})
      .filter(([name]) => name !== 'epochs')
      .map(([name, value]) => `${name} ${parameterText(value)}`),
  ].join('  ');
