import { StateError } from '../ir/errors.ts';
import type { Callback, ParameterValues, Training } from '../train/callbacks/callback.ts';
import { History } from '../train/history.ts';
import type { HistoryColumns, TrainingEvent } from './messages.ts';

/** Calls the callbacks of the page with the events of a worker. */
export class PageCallbacks implements Training {
  readonly history = new History();
  readonly rank = 0;
  epochs = 0;
  readonly #callbacks: readonly Callback[];
  readonly #stop: (reason: string) => void;
  readonly values: () => Promise<readonly ParameterValues[]>;
  #begun = false;

  /** @param values asks the worker for the values of its model. */
  constructor(
    callbacks: readonly Callback[],
    stop: (reason: string) => void,
    values: () => Promise<readonly ParameterValues[]>,
  ) {
    this.#callbacks = [...callbacks];
    this.#stop = stop;
    this.values = values;
  }

  get wantsBatches(): boolean {
    return this.#callbacks.some((callback) => callback.onBatchEnd !== undefined);
  }

  stop(reason: string): void {
    this.#stop(reason);
  }

  get model(): never {
    return absent('model');
  }

  get optimizer(): never {
    return absent('optimizer');
  }

  get metrics(): never {
    return absent('metrics');
  }

  /** Returns the results of an epoch, to which callbacks may have added some. */
  async handle(event: TrainingEvent): Promise<Readonly<Record<string, number>> | undefined> {
    if (event.hook === 'onTrainBegin') {
      this.#begun = true;
      this.epochs = event.epochs;
    } else if (event.hook === 'onEpochBegin' && event.history !== null) this.setHistory(event.history);
    for (const callback of this.#callbacks) await call(callback, event, this);
    if (event.hook !== 'onEpochEnd') return undefined;
    const { epoch, results } = event.logs;
    this.history.record(epoch, results);
    return results;
  }

  /** Calls `onTrainEnd`, if training has begun. */
  async end(...error: [unknown?]): Promise<void> {
    if (!this.#begun) return;
    for (const callback of this.#callbacks) await callback.onTrainEnd?.(this, ...error);
  }

  setHistory({ epochs, history, stopped }: HistoryColumns): void {
    this.history.epochs.splice(0, Number.POSITIVE_INFINITY, ...epochs);
    for (const name of Object.keys(this.history.history)) delete this.history.history[name];
    for (const [name, column] of Object.entries(history)) this.history.history[name] = [...column];
    if (stopped !== undefined) this.history.stopped = stopped;
  }
}

function call(callback: Callback, event: TrainingEvent, training: Training): void | Promise<void> {
  switch (event.hook) {
    case 'onTrainBegin':
      return callback.onTrainBegin?.(training);
    case 'onEpochBegin':
      return callback.onEpochBegin?.(event.epoch, training);
    case 'onBatchEnd':
      return callback.onBatchEnd?.(event.logs, training);
    case 'onEpochEnd':
      return callback.onEpochEnd?.(event.logs, training);
    case 'onNaN':
      return callback.onNaN?.(event.problem, training);
  }
}

function absent(what: string): never {
  throw new StateError(
    `[trainInWorker] got a callback that uses the ${what}, which is in the worker. ` +
      'Let setup return this callback in the options of fit.',
  );
}
