import type { Store } from '../../io/store.ts';
import { NdgradError, StateError, ValueError } from '../../ir/errors.ts';
import type { OptimizerState } from '../../optim/index.ts';
import { errorMessage } from '../../util/error-message.ts';
import { monitored } from '../callbacks/monitor.ts';
import type { Configuration } from './configuration.ts';
import { type Content, filePartsOf } from './file.ts';
import { fileName, fileNumber } from './file-name.ts';
import { copyState, type RunState, restoreState } from './run-state.ts';
import type { Resumable, Saving } from './types.ts';

/** The best epoch so far. */
export interface Best {
  /** Of its checkpoint. */
  readonly name: string;
  readonly value: number;
}

/** The checkpoint that training goes on from. */
export interface Found {
  readonly name: string;
  readonly state: RunState;
  readonly configuration: Configuration;
  readonly best: Best | null;
}

/** The error for a file of the right format with other content. */
export const notCheckpoint = (name: string, cause: unknown): ValueError =>
  new ValueError(`[fit] got '${name}', wanted a checkpoint of fit. Use another folder.`, { cause });

/** When checkpoints are taken, and which are kept. */
export interface SavingSettings {
  readonly store: Store;
  /** A checkpoint is taken after each so many epochs or steps. */
  readonly unit: 'epochs' | 'steps';
  readonly count: number;
  readonly keep: number;
  readonly monitor: string | undefined;
  /** 1 if large values of the monitored result are better, -1 if small ones are. */
  readonly sign: 1 | -1;
}

/** The checkpoints of one call of `fit`: takes them, and writes one at a time while training goes on. */
export class RunSaving implements Saving {
  getOptimizerState = (): Promise<OptimizerState> => this.#run.optimizer.getState();
  readonly #run: Resumable;
  readonly #settings: SavingSettings;
  readonly #configuration: Configuration;
  readonly #onBest: (name: string | null) => void;
  #found: Found | null;
  /** The names of complete checkpoints of this training, in order, and of others, which are removed after the next one. */
  #own: readonly string[];
  #others: readonly string[];
  #number: number;
  #best: Best | null;
  /** Where training stood at the latest checkpoint. */
  #latest: string | null = null;
  /** Steps since then. */
  #steps = 0;
  #writing: Promise<void> = Promise.resolve();
  #failure: StateError | null = null;

  /** @param names of all checkpoints in the store, in order. */
  constructor(
    run: Resumable,
    settings: SavingSettings,
    configuration: Configuration,
    names: readonly string[],
    found: Found | null,
    onBest: (name: string | null) => void,
  ) {
    this.#run = run;
    this.#settings = settings;
    this.#configuration = configuration;
    this.#found = found;
    this.#onBest = onBest;
    const own = found === null ? 0 : names.indexOf(found.name) + 1;
    this.#own = names.slice(0, own);
    this.#others = names.slice(own);
    this.#number = fileNumber(names.at(-1) ?? '') ?? 0;
    this.#best = found?.best ?? null;
    onBest(this.#best?.name ?? null);
  }

  async restore(): Promise<void> {
    const found = this.#found;
    this.#found = null; // frees the memory of its values
    if (found === null) return;
    await restoreState(this.#run, found.state).catch((error: unknown) => {
      throw error instanceof NdgradError ? error : notCheckpoint(found.name, error);
    });
    this.#latest = this.#position;
  }

  async afterStep(): Promise<void> {
    this.#steps++;
    const { unit, count } = this.#settings;
    await this.#take(unit === 'steps' && this.#steps >= count);
  }

  async afterEpoch(): Promise<void> {
    const { unit, count } = this.#settings;
    const best = this.#improvement();
    await this.#take(best !== null || (unit === 'epochs' && this.#run.position.epoch % count === 0), best);
  }

  async end(): Promise<void> {
    await this.#take(this.#position !== this.#latest);
    await this.settle();
    if (this.#failure !== null) throw this.#failure;
  }

  async settle(): Promise<void> {
    await this.#writing;
  }

  get #position(): string {
    const { history, position } = this.#run;
    return JSON.stringify([position.epoch, position.batches, history.stopped]);
  }

  /** The value of the monitored result, if it is the best one so far. */
  #improvement(): number | null {
    const { monitor, sign } = this.#settings;
    if (monitor === undefined) return null;
    const latest = Object.entries(this.#run.history.history).map(([name, column]) => [name, column.at(-1)!]);
    const value = monitored('checkpoint', monitor, Object.fromEntries(latest));
    return sign * value > sign * (this.#best?.value ?? Number.NEGATIVE_INFINITY * sign) ? value : null;
  }

  /**
   * Takes a checkpoint if it is due, once the one before has been written.
   *
   * @throws StateError if writing has failed.
   */
  async #take(due: boolean, best: number | null = null): Promise<void> {
    // While an average is swapped in, by a callback, the next step takes it.
    if (due && !this.#run.options.average?.swapped) {
      await this.settle();
      const name = fileName(++this.#number);
      if (best !== null) this.#best = { name, value: best };
      this.#latest = this.#position;
      this.#steps = 0;
      const { tensors, texts } = await copyState(this.#run, this.getOptimizerState());
      const kept = this.#best && JSON.stringify({ ...this.#best, value: String(this.#best.value) });
      const configuration = JSON.stringify(this.#configuration);
      const content = { tensors, texts: { ...texts, configuration, ...(kept !== null && { best: kept }) } };
      if (this.#failure === null) this.#writing = this.#write(name, content);
    }
    if (this.#failure !== null) throw this.#failure;
  }

  /** Writes a checkpoint and then removes those that are no longer kept. Never rejects. */
  async #write(name: string, content: Content): Promise<void> {
    const { store, keep } = this.#settings;
    const best = this.#best?.name ?? null;
    try {
      await store.write(name, filePartsOf(content));
      this.#onBest(best);
      const own = [...this.#own, name];
      const old = own.slice(0, -keep).filter((other) => other !== best);
      this.#own = own.filter((other) => !old.includes(other));
      for (const other of [...this.#others, ...old]) await store.remove(other);
      this.#others = [];
    } catch (cause) {
      const reason = errorMessage(cause);
      this.#failure = new StateError(
        `[fit] the checkpoint '${name}' could not be written to '${store.name}': ${reason}. Make room or give access, and ` +
          "start again with resume: 'auto'.",
        { cause },
      );
    }
  }
}
