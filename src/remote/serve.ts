import type { Data } from '../data/dataset.ts';
import { saveWeights } from '../io/weights/save.ts';
import { describe, isRecord, refusal } from '../ir/arguments.ts';
import { StateError } from '../ir/errors.ts';
import { Layer } from '../layers/base/layer.ts';
import type { Callback, Training } from '../train/callbacks/callback.ts';
import { valuesOf } from '../train/callbacks/parameter-values.ts';
import { fit } from '../train/fit.ts';
import type { FitOptions } from '../train/fit-options.ts';
import type { History } from '../train/history.ts';
import { BatchGate } from './batch-gate.ts';
import { reportOf } from './error-report.ts';
import {
  type Commands,
  type Connection,
  envelope,
  type HistoryColumns,
  opened,
  type Request,
  type Response,
  requests,
  type TrainingEvent,
} from './messages.ts';

/** What a training worker trains: the arguments of `fit`. */
export interface TrainingSetup {
  readonly model: Layer;
  readonly data: Data;
  readonly options: FitOptions;
}

/** Makes what a worker trains from the message that `trainInWorker` was given. */
export type SetUpTraining = (message: unknown) => TrainingSetup | Promise<TrainingSetup>;

/** @throws ValueError unless it is a function. */
export function checkSetUp(setup: unknown): void {
  if (typeof setup === 'function') return;
  throw refusal('serveTraining', 'setup', setup, 'a function that returns { model, data, options }');
}

/**
 * Serves one training after the other over a connection.
 *
 * @param lock the lock that the worker holds until it ends, or null.
 */
export function serve(connection: Connection, setup: SetUpTraining, lock: string | null): void {
  let latest: ServedTraining | null = null;
  const answer = (run: number, response: Response): void => connection.post(envelope(run, response));
  connection.listen(
    (data) => {
      const request = opened<Request>(data, requests);
      // Other messages are the program's own.
      if (request === null || request === 'version') return;
      const { run, content } = request;
      if (content.kind === 'hello') answer(run, { kind: 'ready', lock });
      else if (content.kind !== 'start') latest?.receive(run, content);
      else if (latest?.isBusy) {
        const error = new StateError(
          '[trainInWorker] got a worker that is training, wanted an idle one. Await the result of its training, or start another worker.',
        );
        answer(run, { kind: 'failed', error: reportOf(error) });
      } else {
        const before = latest?.ended;
        latest = new ServedTraining(connection, run, content.wantsBatches);
        void latest.train(setup, content.message, before);
      }
    },
    () => {},
  );
  answer(0, { kind: 'ready', lock });
}

/** How many batches training may be ahead of the page's callbacks. */
const AHEAD = 32;

/** One training in the worker. */
class ServedTraining {
  readonly #connection: Connection;
  readonly #run: number;
  readonly #wantsBatches: boolean;
  readonly #gate = new BatchGate();
  readonly #abort = new AbortController();
  readonly #ready: Promise<TrainingSetup>;
  #resolveReady!: (setup: TrainingSetup) => void;
  #rejectReady!: (error: unknown) => void;
  /** Resolves when `train` has ended. */
  ended: Promise<void> | undefined;
  #isOver = false;
  #training: Training | null = null;
  #stopReason: string | null = null;
  /** Events that the page has not handled yet. */
  #unhandled = 0;
  #whenHandled: (() => void) | null = null;
  #latestResults: Readonly<Record<string, number>> = {};
  /** The number of epochs in the page's history. */
  #knownEpochs = 0;

  constructor(connection: Connection, run: number, wantsBatches: boolean) {
    this.#connection = connection;
    this.#run = run;
    this.#wantsBatches = wantsBatches;
    this.#ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    // Commands report it.
    this.#ready.catch(() => {});
  }

  /** Whether it trains and was not aborted. */
  get isBusy(): boolean {
    return !this.#isOver && !this.#abort.signal.aborted;
  }

  train(setup: SetUpTraining, message: unknown, before: Promise<void> | undefined): Promise<void> {
    this.ended = this.#train(setup, message, before);
    return this.ended;
  }

  async #train(setup: SetUpTraining, message: unknown, before: Promise<void> | undefined): Promise<void> {
    let response: Response;
    try {
      await before;
      const given = await setup(message);
      checkSetup(given);
      this.#resolveReady(given);
      const { model, data, options } = given;
      const { signal, callbacks } = options;
      const abort = (): void => this.#abort.abort(signal?.reason);
      signal?.addEventListener('abort', abort);
      if (signal?.aborted) abort();
      try {
        const history = await fit(model, data, {
          ...options,
          signal: this.#abort.signal,
          // What is no array is for `fit` to refuse.
          callbacks: Array.isArray(callbacks ?? []) ? [...(callbacks ?? []), this.#callback()] : callbacks!,
        });
        response = { kind: 'done', history: columnsOf(history) };
      } finally {
        signal?.removeEventListener('abort', abort);
      }
    } catch (error) {
      this.#rejectReady(error);
      response = { kind: 'failed', error: reportOf(error) };
    }
    this.#isOver = true;
    this.#gate.end();
    this.#post(response);
  }

  receive(run: number, request: Exclude<Request, { kind: 'hello' | 'start' }>): void {
    if (run !== this.#run) {
      if (request.kind !== 'command') return;
      const error = new StateError(
        '[trainInWorker] got a command for a training that another one has followed.',
      );
      this.#connection.post(envelope(run, { kind: 'refusal', id: request.id, error: reportOf(error) }));
    } else if (request.kind === 'abort') {
      this.#abort.abort();
      this.#gate.end();
      this.#whenHandled?.();
    } else if (request.kind === 'handled') {
      this.#unhandled--;
      this.#latestResults = request.results ?? {};
      this.#whenHandled?.();
    } else void this.#answer(request);
  }

  async #answer({ id, name, argument }: Extract<Request, { kind: 'command' }>): Promise<void> {
    try {
      // The names and arguments come from the page's side of this package.
      const value = await (this.#commands[name] as (argument: unknown) => unknown)(argument);
      const transfer = name === 'weights' ? [(value as Uint8Array<ArrayBuffer>).buffer] : [];
      this.#post({ kind: 'answer', id, value }, transfer);
    } catch (error) {
      this.#post({ kind: 'refusal', id, error: reportOf(error) });
    }
  }

  readonly #commands: { [K in keyof Commands]: (...args: Parameters<Commands[K]>) => unknown } = {
    pause: () => this.#gate.allow(0),
    resume: () => this.#gate.open(),
    step: (batches) => this.#gate.allow(batches),
    stop: (reason) => {
      this.#stopReason = reason;
      this.#training?.stop(reason);
      this.#gate.end();
    },
    setLearningRate: async (rate) => {
      (await this.#ready).options.optimizer.learningRate = rate;
    },
    weights: async () => saveWeights((await this.#ready).model),
    values: async () => valuesOf((await this.#ready).model),
  };

  /** Tells the page what happens, and holds training at batches. */
  #callback(): Callback {
    return {
      onTrainBegin: async (training) => {
        this.#training = training;
        await this.#tell({ hook: 'onTrainBegin', epochs: training.epochs });
        await this.#gate.enter();
        if (this.#stopReason !== null) training.stop(this.#stopReason);
      },
      onEpochBegin: async (epoch, { history }) => {
        const isNew = history.epochs.length !== this.#knownEpochs;
        this.#knownEpochs = history.epochs.length;
        await this.#tell({ hook: 'onEpochBegin', epoch, history: isNew ? columnsOf(history) : null });
      },
      lazyResults: true,
      onBatchEnd: async (logs) => {
        if (this.#wantsBatches) await this.#tell({ hook: 'onBatchEnd', logs }, AHEAD);
        await this.#gate.leave();
      },
      onEpochEnd: async ({ epoch, results, seconds }) => {
        await this.#tell({ hook: 'onEpochEnd', logs: { epoch, results, seconds } });
        Object.assign(results, this.#latestResults);
        this.#knownEpochs++;
      },
      onNaN: (problem) => this.#tell({ hook: 'onNaN', problem }),
    };
  }

  /** Sends an event, and waits until at most `ahead` events are not handled. */
  async #tell(event: TrainingEvent, ahead = 0): Promise<void> {
    this.#unhandled++;
    this.#post({ kind: 'event', event });
    while (this.#unhandled > ahead && !this.#abort.signal.aborted)
      await new Promise<void>((resolve) => {
        this.#whenHandled = resolve;
      });
  }

  #post(response: Response, transfer: readonly ArrayBuffer[] = []): void {
    this.#connection.post(envelope(this.#run, response), transfer);
  }
}

function columnsOf({ epochs, history, stopped }: History): HistoryColumns {
  return { epochs, history, ...(stopped === undefined ? {} : { stopped }) };
}

function checkSetup(given: unknown): asserts given is TrainingSetup {
  const { model, data, options } = Object(given) as Partial<TrainingSetup>;
  if (!(model instanceof Layer) || !isRecord(options) || data === undefined)
    throw refusal(
      'serveTraining',
      'from setup',
      given,
      `{ model, data, options } with a Layer as model and the options of fit (model is ${describe(model)}, options ${describe(options)})`,
    );
  if (typeof options.optimizer?.minimize !== 'function')
    throw refusal(
      'serveTraining',
      'from setup the optimizer',
      options.optimizer,
      'one such as new Adam(model.parameters())',
    );
}
