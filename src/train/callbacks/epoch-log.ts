import { checkCount, checkOptions, type Known, refusal } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import { checkState, type State } from '../../ir/state.ts';
import type { Callback } from './callback.ts';

/** A text file that logs are written to, such as `textFile` of `ndgrad/node`. */
export interface LogFile {
  /** The size in bytes; 0 if there is no file. */
  size(): Promise<number>;
  /** Leaves the first `size` bytes. */
  truncate(size: number): Promise<void>;
  append(text: string): Promise<void>;
}

export interface LogOptions {
  /** Whether a file keeps what it has when training begins; false by default: it is emptied. */
  readonly append?: boolean;
}

/** A file, or a function that takes the text of one or more lines, each with its line feed. */
export type LogTarget = LogFile | ((text: string) => void | Promise<void>);

const known: Known<LogOptions> = { append: false };

interface Remembered extends State {
  readonly bytes: number;
  readonly columns: readonly string[];
}

/** One epoch: its number, counted from 0, its results by name, and its duration. */
type Entry = Readonly<Record<string, number>>;

/**
 * Writes a line of CSV (RFC 4180 with line feeds) after each epoch: `epoch`, counted from 0, its results, and `seconds`. The
 * columns are those of the first epoch. When training goes on from a checkpoint, lines that a file has from later epochs
 * are removed first, so that it has each epoch once.
 *
 * @throws ValueError if a later epoch has a result that the first did not have.
 */
export function csvLog(target: LogTarget, options?: LogOptions): Callback {
  checkCount('csvLog', arguments.length, 2);
  return epochLog('csvLog', target, options, (entry, columns, isEmpty) => {
    const names = Object.keys(entry);
    const added = columns.length > 0 ? names.find((name) => !columns.includes(name)) : undefined;
    if (added !== undefined) {
      throw new ValueError(
        `[csvLog] got the result '${added}', wanted those of the first epoch: ${columns.join(', ')}. Add it in each epoch, or ` +
          'use jsonLinesLog.',
      );
    }
    const header = columns.length > 0 || !isEmpty ? '' : `${names.map(quoted).join(',')}\n`;
    const row = (columns.length > 0 ? columns : names).map((name) => entry[name] ?? '');
    return { text: `${header}${row.join(',')}\n`, columns: names };
  });
}

/**
 * Writes a JSON object in one line after each epoch: `epoch`, counted from 0, its results, and `seconds`. NaN and infinities
 * are strings. When training goes on from a checkpoint, lines that a file has from later epochs are removed first, so that
 * it has each epoch once.
 */
export function jsonLinesLog(target: LogTarget, options?: LogOptions): Callback {
  checkCount('jsonLinesLog', arguments.length, 2);
  return epochLog('jsonLinesLog', target, options, (entry) => ({
    text: `${JSON.stringify(entry, (_, value) => (typeof value === 'number' && !Number.isFinite(value) ? String(value) : value))}\n`,
    columns: [],
  }));
}

const quoted = (name: string): string => (/[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name);

function epochLog(
  kind: string,
  target: LogTarget,
  options: LogOptions | undefined,
  line: (
    entry: Entry,
    columns: readonly string[],
    isEmpty: boolean,
  ) => { text: string; columns: readonly string[] },
): Callback {
  const { size, truncate, append } = Object(target) as Partial<LogFile>;
  const isFile = [size, truncate, append].every((method) => typeof method === 'function');
  if (typeof target !== 'function' && !isFile)
    throw refusal(kind, 'target', target, 'a function of a text, or a file such as textFile(path)');
  checkOptions(kind, options, known);
  if (typeof target === 'function' && options?.append !== undefined)
    throw refusal(kind, 'append', options.append, 'it for files only');
  const file = typeof target === 'function' ? null : target;
  let columns: readonly string[] = [];
  /** The size of a file after the latest line. */
  let bytes = 0;
  /** Whether the file has this size. */
  let isReady = false;
  return {
    kind,
    async onTrainBegin() {
      columns = [];
      bytes = options?.append === true ? ((await file?.size()) ?? 0) : 0;
      isReady = false;
    },
    async onEpochEnd({ epoch, results, seconds }, { rank }) {
      if (rank > 0) return;
      const next = line({ epoch, ...results, seconds }, columns, bytes === 0);
      if (!isReady) await file?.truncate(bytes);
      isReady = true;
      await (typeof target === 'function' ? target(next.text) : target.append(next.text));
      if (columns.length === 0) columns = next.columns;
      bytes += new TextEncoder().encode(next.text).length;
    },
    getState: () => ({ bytes, columns }),
    setState(state) {
      checkState(state, { bytes });
      ({ bytes, columns } = state as Remembered);
    },
  };
}
