import type { Callback } from './callbacks/callback.ts';

/** How far a training is. */
export interface ProgressReport {
  /** The present epoch, counted from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Batches of the epoch that are done. */
  readonly batch: number;
  /** How many it has, where that is known. */
  readonly batches: number | undefined;
  /** Over the epoch so far: `loss` and each metric; once the epoch is over also those of validation. */
  readonly results: Readonly<Record<string, number>>;
  /** Since the epoch began. */
  readonly seconds: number;
  /** Whether the epoch is over, validation included. */
  readonly done: boolean;
}

/** What is needed of a process's standard output. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** A callback that tells how far training is, after each batch and each epoch. */
export function reportProgress(tell: (report: ProgressReport) => void): Callback {
  let start = 0;
  let batch = 0;
  let batches: number | undefined;
  return {
    onEpochBegin() {
      start = performance.now();
      batch = 0;
    },
    onBatchEnd(logs, { epochs }) {
      batch = logs.batch + 1;
      batches = logs.batches ?? batches;
      const seconds = (performance.now() - start) / 1000;
      tell({ epoch: logs.epoch + 1, epochs, batch, batches, results: logs.results, seconds, done: false });
    },
    onEpochEnd({ epoch, results, seconds }, { epochs }) {
      batches = batch; // data of unknown length: as many as in the epoch before
      tell({ epoch: epoch + 1, epochs, batch, batches, results, seconds, done: true });
    },
  };
}

/** The standard output of Node, Deno and Bun; undefined in browsers. */
function standardOutput(): Terminal | undefined {
  return (globalThis as { process?: { stdout?: Terminal } }).process?.stdout;
}

/** What the option `progress` of `fit` asks for. */
export function progressCallback(progress?: boolean | ((report: ProgressReport) => void)): Callback[] {
  if (typeof progress === 'function') return [reportProgress(progress)];
  const terminal = standardOutput();
  if (!(progress ?? terminal?.isTTY ?? false)) return [];
  return [terminalProgress(terminal ?? { write: (text) => console.log(text.trimEnd()) })];
}

/** A line for each epoch and, on a terminal, a bar while it runs. */
export function terminalProgress(terminal: Terminal): Callback {
  const { isTTY = false } = terminal;
  let drawn = Number.NEGATIVE_INFINITY;
  let open = false;
  const reporter = reportProgress((report) => {
    if (report.done) {
      terminal.write(`${open ? '\r\x1b[K' : ''}${line(report)}\n`);
      open = false;
    } else if (isTTY && performance.now() - drawn >= 100) {
      drawn = performance.now();
      // A line that wraps could not be drawn over.
      terminal.write(`\r\x1b[K${line(report).slice(0, (terminal.columns || 80) - 1)}`);
      open = true;
    }
  });
  return {
    ...reporter,
    onTrainEnd() {
      if (open) terminal.write('\n');
      open = false;
    },
  };
}

/** A report as one line: `epoch  3/10  [======>     ]   63/118  loss 0.1234  accuracy 0.9621  4.5 s`. */
export function line({ epoch, epochs, batch, batches, results, seconds, done }: ProgressReport): string {
  const parts = [`epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`];
  if (!done && batches !== undefined) parts.push(bar(batch / batches));
  if (!done)
    parts.push(
      batches === undefined ? `${batch}` : `${String(batch).padStart(`${batches}`.length)}/${batches}`,
    );
  for (const [name, value] of Object.entries(results)) parts.push(`${name} ${short(value)}`);
  parts.push(`${seconds.toFixed(seconds < 10 ? 2 : 1)} s`);
  return parts.join('  ');
}

function bar(share: number): string {
  const width = 24;
  const full = Math.min(width, Math.round(share * width));
  return `[${full < width ? `${'='.repeat(full)}>`.padEnd(width) : '='.repeat(width)}]`;
}

/** Four decimals where they say enough, else four significant digits. */
function short(value: number): string {
  const size = Math.abs(value);
  return size === 0 || (size >= 0.001 && size < 10000) ? value.toFixed(4) : value.toPrecision(4);
}
