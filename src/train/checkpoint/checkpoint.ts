import { checkStore, type Store } from '../../io/store.ts';
import { checkCount, checkOptions, isRecord, type Known, refusal } from '../../ir/arguments.ts';
import { StateError, ValueError } from '../../ir/errors.ts';
import { checkMode, type Mode, modeOf } from '../callbacks/monitor.ts';
import { type Configuration, configurationOf, differencesOf } from './configuration.ts';
import { type Content, readFile } from './file.ts';
import { fileNumber } from './file-name.ts';
import { readState } from './run-state.ts';
import { type Best, type Found, notCheckpoint, RunSaving, type SavingSettings } from './saving.ts';
import type { Checkpoint, Resumable, Resume, Saving } from './types.ts';

/** Options of `checkpoint`. */
export interface CheckpointOptions {
  /** How often a checkpoint is taken: after each so many epochs or steps. */
  readonly every: { readonly epochs: number } | { readonly steps: number };
  /** How many checkpoints are kept, the newest ones; 2 by default, so that there is another one if a file is damaged. */
  readonly keep?: number;
  /**
   * The name of a result, as in the history. The checkpoint of the epoch in which it was best is taken in any case and kept in
   * addition; `best` has its name. None by default.
   */
  readonly monitor?: string;
  /**
   * Whether small or large values are better. By default 'min' for `loss` and `val_loss`, and what the metric says for its
   * name. Required for other results.
   */
  readonly mode?: Mode;
}

const checkpointOptions: Known<CheckpointOptions> = { every: 0, keep: 0, monitor: 0, mode: 0 };

/**
 * Checkpoints of a training, for the option `checkpoint` of `fit`. Each is a safetensors file with everything that training
 * remembers: Parameters, the optimizer, the average, random generators, metrics, callbacks, the history and the position
 * within the epoch. With `resume` the same program goes on from the newest one and ends with the same bits as without an
 * interruption.
 *
 *     const saving = checkpoint(folderStore('checkpoints'), { every: { epochs: 1 } });
 *     await fit(model, data, { ..., checkpoint: saving, resume: 'auto' });
 *
 * Values are copied when a checkpoint is taken, and written while training goes on. The last checkpoint is taken at the end,
 * also if a callback has stopped training: `fit` then returns the history at once when it is called again.
 *
 * @param store where files are kept: one folder for each training. Files of another training there are removed once the
 *   first new one is complete.
 * @throws ValueError for other options.
 */
export function checkpoint(store: Store, options: CheckpointOptions): Checkpoint {
  checkCount('checkpoint', arguments.length, 2);
  checkStore('checkpoint', store);
  checkOptions('checkpoint', options ?? null, checkpointOptions);
  const { every, keep = 2, monitor, mode } = options;
  const counts = Object.entries(Object(every) as object).filter(([, count]) => count !== undefined);
  const [unit, count] = counts[0] ?? [];
  if (counts.length !== 1 || (unit !== 'epochs' && unit !== 'steps') || !isCount(count))
    throw refusal('checkpoint', 'every', every, '{ epochs: 1 } or { steps: 100 }: a whole number from 1 up');
  if (!isCount(keep)) throw refusal('checkpoint', 'keep', keep, 'a whole number from 1 up');
  if (monitor !== undefined && typeof monitor !== 'string')
    throw refusal('checkpoint', 'monitor', monitor, 'the name of a result');
  checkMode('checkpoint', mode);
  if (mode !== undefined && monitor === undefined)
    throw refusal('checkpoint', 'mode', mode, 'a monitor too: the result that it is for');
  return new StoredCheckpoints({ store, unit, count, keep, monitor, mode });
}

const isCount = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 1;

type Settings = Omit<SavingSettings, 'sign'> & { readonly mode: Mode | undefined };

class StoredCheckpoints implements Checkpoint {
  best: string | null = null;
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  async open(run: Resumable, resume: Resume | undefined): Promise<Saving> {
    const { store, unit, monitor, mode } = this.#settings;
    if ([run.data, run.validation].some((dataset) => dataset !== null && 'once' in dataset && dataset.once)) {
      throw new ValueError(
        '[fit] got an iterator with a checkpoint. It can be read only once, and not again after an interruption. Pass a ' +
          'function that makes the batches again: () => batches().',
      );
    }
    const without = run.metrics.find(({ getState, setState }) => !getState || !setState);
    if (unit === 'steps' && without !== undefined) {
      throw new ValueError(
        `[fit] got checkpoints within epochs, and the metric '${without.name}' has no getState and setState. Write them, or ` +
          'pass every: { epochs: 1 }.',
      );
    }
    const sign = monitor !== undefined && modeOf('checkpoint', monitor, mode, run.metrics) === 'min' ? -1 : 1;
    const configuration = await configurationOf(run);
    const names = (await store.list())
      .filter((name) => fileNumber(name) !== null)
      .sort((a, b) => fileNumber(a)! - fileNumber(b)!);
    const found = resume === undefined ? null : await newestOf(store, names);
    if (found === null && resume === 'require') {
      throw new StateError(
        `[fit] got resume 'require' and no valid checkpoint in '${store.name}'. Pass resume: 'auto' to begin at the start.`,
      );
    }
    if (found !== null) checkAgreement(run, configuration, found, store);
    return new RunSaving(run, { ...this.#settings, sign }, configuration, names, found, (name) => {
      this.best = name;
    });
  }
}

/** The newest valid checkpoint. */
async function newestOf(store: Store, names: readonly string[]): Promise<Found | null> {
  for (const name of names.toReversed()) {
    const source = await store.read(name);
    if (source === null) continue;
    const content = await readFile(name, source).catch((error: unknown) => {
      if (!(error instanceof ValueError)) throw error;
      const reason = error.message.replace(/^\[\w+\] /, '');
      console.warn(`[fit] the checkpoint '${name}' in '${store.name}' is left out: ${reason}`);
      return null;
    });
    if (content !== null) return foundIn(name, content);
  }
  return null;
}

/** @throws ValueError for a file of the right format that is no checkpoint. */
function foundIn(name: string, content: Content): Found {
  try {
    const { configuration, best } = content.texts;
    return {
      name,
      state: readState(content),
      configuration: readConfiguration(configuration!),
      best: best === undefined ? null : readBest(JSON.parse(best) as Best),
    };
  } catch (cause) {
    throw notCheckpoint(name, cause);
  }
}

function readConfiguration(text: string): Configuration {
  const found: unknown = JSON.parse(text);
  if (isRecord(found)) return found as Configuration;
  throw new Error('no configuration');
}

const readBest = ({ name, value }: Best): Best => ({ name, value: Number(value) });

/** @throws ValueError with everything in which a checkpoint and the training differ. */
function checkAgreement(
  run: Resumable,
  now: Configuration,
  { name, state: { fit }, configuration }: Found,
  store: Store,
) {
  const differences = differencesOf(configuration, now);
  const { seed } = run.options;
  if (seed !== undefined && seed !== fit.seed) differences.push(`seed (${fit.seed}, now ${seed})`);
  if (run.epochs < fit.epochs) differences.push(`epochs (${fit.epochs}, now ${run.epochs})`);
  if (differences.length === 0) return;
  throw new ValueError(
    `[fit] the checkpoint '${name}' in '${store.name}' is of other training. It differs in ${differences.join('; ')}. ` +
      'Use the same settings, another folder, or no resume.',
  );
}
