import { StateError, ValueError } from '../ir/errors.ts';
import { fields, type Json } from './json.ts';
import { decodeOutcome, encodeOutcome } from './outcome-json.ts';
import type { TrialOutcome, TrialTask } from './trial.ts';

/**
 * Stores the runs of a search, so that the search can continue after an interruption. `fileJournal` of `ndgrad/node` is
 * one; you can write others.
 */
export interface Journal {
  /** The name in error messages. */
  readonly name: string;
  /**
   * Reserves the journal for one search, before it is read. Resolves to a function that releases it. Without this method
   * only a second search with the same object is refused.
   *
   * @throws StateError if another search uses the journal.
   */
  lock?(): Promise<() => Promise<void>>;
  /** All text so far; empty at first. Text after the last line break is an incomplete line and is ignored. */
  read(): Promise<string>;
  /** Appends a line, which ends in a line break, and removes an incomplete line before it. Calls do not overlap. */
  append(line: string): Promise<void>;
}

/** What the runs of a search depend on, besides the trial function. */
export interface SearchIdentity {
  readonly space: { readonly [name: string]: Json };
  readonly sampler: string;
  readonly seed: number;
  readonly version: string | number | null;
}

/** A run in a journal. */
export type RecordedRun = TrialTask & TrialOutcome;

const FORMAT = 1;

/** The journals of running searches. */
const inUse = new WeakSet<Journal>();

/** A journal that is open for one search. */
export class OpenJournal {
  readonly #journal: Journal;
  readonly #runs = new Map<string, RecordedRun>();
  #last: Promise<void> = Promise.resolve();
  #release: (() => Promise<void>) | undefined;

  private constructor(journal: Journal) {
    this.#journal = journal;
  }

  /**
   * Reserves and reads a journal, or starts an empty one.
   *
   * @throws StateError if it belongs to another search, or another search uses it. @throws ValueError if it is not a
   *   journal.
   */
  static async open(journal: Journal, identity: SearchIdentity): Promise<OpenJournal> {
    if (inUse.has(journal)) {
      throw new StateError(
        `[search] ${journal.name} is in use by another search. Wait until it has ended, or use a separate journal.`,
      );
    }
    inUse.add(journal);
    const open = new OpenJournal(journal);
    try {
      open.#release = await journal.lock?.();
      await open.#read(identity);
      return open;
    } catch (error) {
      await open.close();
      throw error;
    }
  }

  async #read(identity: SearchIdentity): Promise<void> {
    const journal = this.#journal;
    const lines = (await journal.read()).split('\n').slice(0, -1);
    const isBlank = (line: string): boolean => line.trim() === '';
    const first = lines.findIndex((line) => !isBlank(line));
    const head = lines[first];
    if (head === undefined) {
      await journal.append(`${JSON.stringify({ ndgrad: 'search', format: FORMAT, ...identity })}\n`);
      return;
    }
    checkHead(journal.name, fields(parsed(head)), identity);
    lines.forEach((line, i) => {
      if (i <= first || isBlank(line)) return;
      const run = readRun(parsed(line));
      if (run === null) {
        throw new ValueError(
          `[search] ${journal.name}, line ${i + 1}: got ${line.slice(0, 60)}, wanted a trial's run. Remove the line.`,
        );
      }
      // Of several runs of one task the first counts: results that were based on it stay valid.
      const key = keyOf(run);
      if (!this.#runs.has(key)) this.#runs.set(key, run);
    });
  }

  /** Releases the journal when all runs are stored. */
  async close(): Promise<void> {
    await this.#last.catch(() => {}); // `record` has reported the error
    inUse.delete(this.#journal);
    await this.#release?.();
  }

  /**
   * The recorded run of a task; undefined if there is none.
   *
   * @throws StateError if the recorded task had other parameters.
   */
  find(task: TrialTask): RecordedRun | undefined {
    const run = this.#runs.get(keyOf(task));
    if (run === undefined) return undefined;
    const [got, wanted] = [JSON.stringify(run.parameters), JSON.stringify(task.parameters)];
    if (got !== wanted || run.seed !== task.seed) {
      throw otherSearch(this.#journal.name, `trial ${task.trial}`, got, wanted);
    }
    return run;
  }

  /** Appends a run. Calls may overlap. */
  record(run: RecordedRun): Promise<void> {
    const line = `${JSON.stringify(encodeOutcome(run))}\n`;
    this.#last = this.#last.then(() => this.#journal.append(line));
    return this.#last;
  }
}

const keyOf = ({ trial, epochs }: TrialTask): string => `${trial} ${epochs}`;

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function checkHead(
  name: string,
  head: { readonly [key: string]: unknown } | null,
  identity: SearchIdentity,
): void {
  if (head === null || head.ndgrad !== 'search') {
    throw new ValueError(
      `[search] ${name} is not the journal of a search, wanted one or an empty file. Use another file.`,
    );
  }
  if (head.format !== FORMAT) {
    throw new StateError(
      `[search] ${name} has format ${JSON.stringify(head.format)}, wanted ${FORMAT}: another version of ndgrad wrote it.`,
    );
  }
  for (const [key, wanted] of Object.entries(identity)) {
    const [was, is] = [JSON.stringify(head[key]), JSON.stringify(wanted)];
    if (was === is) continue;
    if (key === 'space') throw differentSpace(name, fields(head.space) ?? {}, identity.space);
    throw otherSearch(name, `the ${key}`, was, is);
  }
}

function differentSpace(
  name: string,
  was: { readonly [key: string]: unknown },
  is: SearchIdentity['space'],
): StateError {
  const names = [...new Set([...Object.keys(is), ...Object.keys(was)])];
  const key = names.find((key) => JSON.stringify(was[key]) !== JSON.stringify(is[key]));
  // The random values of a hyper-parameter depend on its position.
  if (key === undefined)
    return otherSearch(name, 'the order of the space', Object.keys(was).join(), Object.keys(is).join());
  return otherSearch(name, `'${key}' in the space`, JSON.stringify(was[key]), JSON.stringify(is[key]));
}

const otherSearch = (name: string, what: string, was = 'nothing', is = 'nothing'): StateError =>
  new StateError(
    `[search] ${name} belongs to another search: there ${what} is ${was}, here it is ${is}. ` +
      'Use a separate file for each search, or delete this one.',
  );

function readRun(value: unknown): RecordedRun | null {
  const run = fields(value);
  const parameters = fields(run?.parameters);
  if (run === null || parameters === null) return null;
  const { trial, epochs, seed } = run;
  if (!isCount(trial) || !isCount(epochs) || !isCount(seed)) return null;
  const outcome = decodeOutcome(run);
  return outcome && { trial, epochs, seed, parameters: parameters as TrialTask['parameters'], ...outcome };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
