import { refusal } from '../ir/arguments.ts';
import { now } from '../util/timers.ts';
import type { Callback } from './callbacks/callback.ts';

/** The progress of training. */
export interface ProgressReport {
  /** The current epoch, counted from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** The number of finished batches of the epoch. */
  readonly batch: number;
  /** The number of batches in the epoch, if it is known. */
  readonly batches: number | undefined;
  /** `loss` and each metric over the epoch so far. At the end of the epoch also those of validation. */
  readonly results: Readonly<Record<string, number>>;
  /** Time since the start of the epoch. The time before an interruption counts too. */
  readonly seconds: number;
  /** Whether the epoch has ended, including validation. */
  readonly done: boolean;
}

/** The part of a process's standard output that is used here. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** A callback that reports progress after each batch and each epoch. */
export function reportProgress(report: (report: ProgressReport) => void): Callback {
  let batch = 0;
  let batches: number | undefined;
  return {
    onEpochBegin() {
      batch = 0;
    },
    onBatchEnd(logs, { epochs }) {
      batch = logs.batch + 1;
      batches = logs.batches ?? batches;
      report({
        ...{ epoch: logs.epoch + 1, epochs, batch, batches, seconds: logs.seconds, done: false },
        get results() {
          return logs.results;
        },
      });
    },
    onEpochEnd({ epoch, results, seconds }, { epochs }) {
      batches = batch; // for data of unknown length: the number of the previous epoch
      report({ epoch: epoch + 1, epochs, batch, batches, results, seconds, done: true });
    },
  };
}

/** The standard output of Node, Deno and Bun; undefined in browsers. */
function standardOutput(): Terminal | undefined {
  return (globalThis as { process?: { stdout?: Terminal } }).process?.stdout;
}

/** The callbacks that implement the option `progress` of `fit`. */
export function progressCallback(progress?: boolean | ((report: ProgressReport) => void)): Callback[] {
  if (typeof progress === 'function') return [reportProgress((report) => progress({ ...report }))];
  if (progress !== undefined && typeof progress !== 'boolean')
    throw refusal('fit', 'progress', progress, 'true, false or a function');
  const terminal = standardOutput();
  if (!(progress ?? terminal?.isTTY ?? false)) return [];
  return [terminalProgress(terminal ?? { write: (text) => console.log(text.trimEnd()) })];
}

/** Milliseconds between two lines during an epoch where the output is no terminal. */
const LINE_INTERVAL = 30_000;

/** Writes a line for each epoch, and during an epoch a progress bar on a terminal, elsewhere a line every 30 seconds. */
export function terminalProgress(terminal: Terminal, clock: () => number = now): Callback {
  const { isTTY = false } = terminal;
  let drawn = isTTY ? Number.NEGATIVE_INFINITY : clock();
  let open = false;
  const reporter = reportProgress((report) => {
    if (report.done) {
      terminal.write(`${open ? '\r\x1b[K' : ''}${line(report)}\n`);
      open = false;
      if (!isTTY) drawn = clock();
    } else if (!isTTY) {
      if (clock() - drawn < LINE_INTERVAL) return;
      drawn = clock();
      terminal.write(`${line(report)}\n`);
    } else if (clock() - drawn >= 100) {
      drawn = clock();
      // A line that wraps could not be overwritten.
      terminal.write(`\r\x1b[K${line(report).slice(0, (terminal.columns || 80) - 1)}`);
      open = true;
    }
  });
  return {
    ...reporter,
    lazyResults: true,
    onTrainEnd() {
      if (open) terminal.write('\n');
      open = false;
    },
  };
}

/**
 * A report as one line: `epoch  3/10  [======>     ]   63/118  loss 0.1234  accuracy 0.9621  4.50 s  14.0/s  4 s left`, with
 * the batches per second and the rest of the time of the epoch.
 */
export function line({ epoch, epochs, batch, batches, results, seconds, done }: ProgressReport): string {
  const parts = [`epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`];
  if (!done && batches !== undefined) parts.push(bar(batch / batches));
  if (!done)
    parts.push(
      batches === undefined ? `${batch}` : `${String(batch).padStart(`${batches}`.length)}/${batches}`,
    );
  for (const [name, value] of Object.entries(results)) parts.push(`${name} ${short(value)}`);
  parts.push(`${seconds.toFixed(seconds < 10 ? 2 : 1)} s`);
  if (!done && batch > 0 && seconds > 0) {
    const rate = batch / seconds;
    parts.push(`${rate < 100 ? rate.toPrecision(3) : rate.toFixed(0)}/s`);
    if (batches !== undefined) parts.push(`${duration((batches - batch) / rate)} left`);
  }
  return parts.join('  ');
}

/** Whole seconds or, from two minutes on, whole minutes. */
const duration = (seconds: number): string =>
  seconds < 120 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;

function bar(fraction: number): string {
  const width = 24;
  const full = Math.min(width, Math.round(fraction * width));
  return `[${full < width ? `${'='.repeat(full)}>`.padEnd(width) : '='.repeat(width)}]`;
}

/** Four decimals, or four significant digits for very small and large values. */
function short(value: number): string {
  const size = Math.abs(value);
  return size === 0 || (size >= 0.001 && size < 10000) ? value.toFixed(4) : value.toPrecision(4);
}
