import type { BatchCount, Dataset, RowRange } from '../data/dataset.ts';
import { NonFiniteError } from '../ir/errors.ts';
import type { Metric } from '../metrics/metric.ts';
import type { Optimizer } from '../optim/index.ts';
import { Generator } from '../tensor/random.ts';
import { now } from '../util/timers.ts';
import type { BatchLogs, Callback } from './callbacks/callback.ts';
import type { Position, Resumable, Saving } from './checkpoint/types.ts';
import { evaluateOn } from './evaluate.ts';
import { EventLoopYielder } from './event-loop-yielder.ts';
import type { AnyFitOptions } from './fit-options.ts';
import { History } from './history.ts';
import type { AnyModel, Model } from './model.ts';
import { metricsOf, type Output, results } from './outputs.ts';
import { progressCallback } from './progress.ts';
import { RunningLosses } from './running-loss.ts';
import { ownShards, shardRows } from './shards.ts';
import type { TrainingData } from './training-data.ts';
import { TrainingStep } from './training-step.ts';

/** One call of `fit`: epochs, their batches and the callbacks. */
export class Run implements Resumable {
  readonly model: Model;
  readonly optimizer: Optimizer;
  readonly epochs: number;
  readonly metrics: readonly Metric[];
  readonly history = new History();
  readonly options: AnyFitOptions;
  readonly data: Dataset;
  readonly validation: Dataset | null;
  readonly callbacks: readonly Callback[];
  seed: number;
  position: Position;
  readonly #outputs: readonly Output[];
  readonly #count: Partial<BatchCount>;
  readonly #yielder = new EventLoopYielder();
  readonly #step: TrainingStep;
  /** Whether a callback has `onBatchEnd`. */
  readonly #reportsBatches: boolean;
  /** Whether one of these callbacks needs the results of each batch. */
  readonly #needsResults: boolean;
  #saving: Saving | undefined;

  constructor(
    model: AnyModel,
    { count, data, validation }: TrainingData,
    outputs: readonly Output[],
    options: AnyFitOptions,
    seed: number,
  ) {
    const { optimizer, epochs = 1, initialEpoch = 0, callbacks = [] } = options;
    // Callbacks see a model of one tensor: what they use of it is the same for all.
    this.model = model as Model;
    this.data = data;
    this.validation = validation;
    this.#count = count;
    this.#outputs = outputs;
    this.options = options;
    this.seed = seed;
    this.optimizer = optimizer;
    this.epochs = epochs;
    this.metrics = metricsOf(outputs);
    const progress = progressCallback(options.progress);
    this.callbacks = [...callbacks, ...(this.rank === 0 ? progress : [])];
    const reporting = this.callbacks.filter((callback) => callback.onBatchEnd !== undefined);
    this.#reportsBatches = reporting.length > 0;
    this.#needsResults = reporting.some((callback) => !callback.lazyResults);
    this.#step = new TrainingStep(model, outputs, options, count.lastBatchSize);
    this.position = this.#startOf(initialEpoch);
  }

  get rank(): number {
    return this.options.world?.rank ?? 0;
  }

  stop(reason: string): void {
    this.history.stopped ??= reason;
  }

  #startOf(epoch: number): Position {
    const random = new Generator(this.seed).fork(epoch);
    return { epoch, batches: 0, random, losses: new RunningLosses(), start: now() };
  }

  async train(): Promise<History> {
    const { average, checkpoint, resume, signal, world } = this.options;
    signal?.throwIfAborted();
    const saving = this.rank === 0 ? await checkpoint?.open(this, resume) : undefined;
    if (average?.swapped) await average.swap();
    try {
      for (const callback of this.callbacks) await callback.onTrainBegin?.(this);
      await saving?.restore();
      this.#saving = world === undefined ? saving : await world.share(this, saving);
      while (this.position.epoch < this.epochs && !this.#stopped) await this.#epoch();
      await this.#saving?.end();
      await world?.end();
      if (average?.swapped === false) await average.swap();
    } catch (error) {
      await saving?.settle();
      for (const callback of this.callbacks) await callback.onTrainEnd?.(this, error);
      throw error;
    }
    for (const callback of this.callbacks) await callback.onTrainEnd?.(this);
    return this.history;
  }

  get #stopped(): boolean {
    return this.history.stopped !== undefined;
  }

  /** Stops all ranks if one has been stopped. */
  async #agree(): Promise<void> {
    const reasons = await this.options.world?.gather('the end of a step or an epoch', this.history.stopped);
    const reason = reasons?.find((given) => given !== undefined);
    if (reason !== undefined) this.stop(reason);
  }

  /** Trains from the position to the end of its epoch. */
  async #epoch(): Promise<void> {
    const { callbacks, data, metrics, position } = this;
    const { batches: from, epoch, random } = position;
    const saving = this.#saving;
    const yielder = this.#yielder;
    const { accumulate = 1, average, batchSize = 32, shuffle = true, dropLast = false } = this.options;
    const { signal, world } = this.options;
    if (from === 0) {
      position.start = now();
      for (const callback of callbacks) await callback.onEpochBegin?.(epoch, this);
      for (const metric of metrics) metric.reset();
    }

    // Within an epoch the generator is behind the order, which is drawn again.
    const order = shuffle ? { shuffle: from === 0 ? random : this.#startOf(epoch).random } : {};
    const rows: RowRange = (size) => {
      const [first, end] = ownShards(accumulate, world);
      return [shardRows(size, accumulate, first)[0], shardRows(size, accumulate, end)[0]];
    };
    for await (const batch of data.batches({ batchSize, epoch, dropLast, from, rows, ...order })) {
      signal?.throwIfAborted();
      // With weights that are all 0 the mean loss is not defined, and there is nothing to learn.
      if (batch.weight > 0) {
        const learningRate = this.optimizer.currentLearningRate;
        const result = await this.#step.run(batch, position, this.seed);
        if ('cause' in result) await this.#notFinite(result.cause);
        else if (result.loss !== null) await this.#endBatch(result.loss, learningRate);
      }
      await this.#agree();
      position.batches++;
      if (this.#stopped) return;
      if (batch.weight > 0) await saving?.afterStep();
      await yielder.yieldIfDue();
    }
    signal?.throwIfAborted();

    const end = (): Promise<void> => this.#endEpoch();
    await (average === undefined ? end() : average.use(end));
    await this.#agree();
    this.position = this.#startOf(epoch + 1);
    await saving?.afterEpoch();
  }

  /** The results of the epoch so far. */
  get #results(): Record<string, number> {
    return { ...this.position.losses.results(), ...results(this.metrics) };
  }

  /** Evaluates on validation data and calls the callbacks. */
  async #endEpoch(): Promise<void> {
    const yielder = this.#yielder;
    const { epoch, start } = this.position;
    const found = this.#results;
    if (this.validation !== null) {
      const { signal } = this.options;
      const scores = await evaluateOn(
        'fit',
        this.model,
        this.validation,
        this.#outputs,
        { signal },
        { epoch, yielder },
      );
      for (const [name, value] of Object.entries(scores)) found[`val_${name}`] = value;
    }
    const seconds = (now() - start) / 1000;
    for (const callback of this.callbacks)
      await callback.onEpochEnd?.({ epoch, results: found, seconds }, this);
    this.history.record(epoch, found);
  }

  /** Calls the callbacks after a step. */
  async #endBatch(loss: number, learningRate: number): Promise<void> {
    if (!this.#reportsBatches) return;
    const { batches: batch, epoch, start } = this.position;
    const { step } = this.optimizer;
    const { batches } = this.#count;
    const seconds = (now() - start) / 1000;
    let found: Record<string, number> | undefined;
    const results = (): Record<string, number> => {
      found ??= this.#results;
      return found;
    };
    const lazy: BatchLogs = {
      ...{ epoch, batch, batches, step, loss, learningRate, seconds },
      get results() {
        return results();
      },
    };
    // A callback of the user may keep them.
    const logs = this.#needsResults ? { ...lazy } : lazy;
    for (const callback of this.callbacks) await callback.onBatchEnd?.(logs, this);
  }

  /** @throws NonFiniteError unless a callback stops training. */
  async #notFinite(cause: string): Promise<void> {
    const { batches: batch, epoch } = this.position;
    const { step } = this.optimizer;
    const message = `[fit] epoch ${epoch + 1} of ${this.epochs}, step ${step + 1}: ${cause}`;
    for (const callback of this.callbacks) await callback.onNaN?.({ epoch, batch, step, message }, this);
    if (!this.#stopped) throw new NonFiniteError(message);
  }
}
