import { ArrayDataset, type Batch, type Data, type Dataset, openDataset } from '../data/dataset.ts';
import { ValueError } from '../ir/errors.ts';
import { training } from '../layers/base/context.ts';
import { Mean, type Metric } from '../metrics/metric.ts';
import type { Optimizer, WeightAverage } from '../optim/index.ts';
import { defaultGenerator, Generator } from '../tensor/random.ts';
import type { Signal } from '../util/host-types.ts';
import type { BatchLogs, Callback, Training } from './callbacks/callback.ts';
import { diagnose } from './diagnose.ts';
import { evaluateOn } from './evaluate.ts';
import { EventLoopYielder } from './event-loop-yielder.ts';
import { History } from './history.ts';
import {
  callModel,
  checkLoss,
  checkMetrics,
  checkWhole,
  type LossFunction,
  type Model,
  objective,
  results,
} from './model.ts';
import { type ProgressReport, progressCallback } from './progress.ts';

export interface FitOptions {
  /** The loss to minimize. The model's penalty is added to it. */
  readonly loss: LossFunction;
  /** Made with the model's Parameters. */
  readonly optimizer: Optimizer;
  /**
   * An average of the weights, updated in each step. Validation and `onEpochEnd` use the averaged weights, and so do
   * early stopping and checkpoints. After training the model has the averaged weights: `average.swap()` or further
   * training brings its own back. If training fails or is aborted, the model keeps its own weights.
   */
  readonly average?: WeightAverage;
  /**
   * How many times to go through the training data, 1 by default. Training that goes on from `initialEpoch`
   * counts the epochs before it too.
   */
  readonly epochs?: number;
  /**
   * The first epoch, counted from 0; 0 by default. With the same seed, model and optimizer state, training continues with
   * the same bits as without an interruption.
   */
  readonly initialEpoch?: number;
  /** Samples in a batch, 32 by default. Not for data that are batches already. */
  readonly batchSize?: number;
  /**
   * Whether the samples are shuffled in each epoch; true by default. Batches from an iterable keep their order.
   */
  readonly shuffle?: boolean;
  /** Evaluated after each epoch; results have the prefix `val_`. It takes precedence over `validationSplit`. */
  readonly validationData?: Data;
  /**
   * The fraction of the samples that is used for validation, from 0 (default) to below 1: the last ones before shuffling.
   */
  readonly validationSplit?: number;
  /**
   * Reported under their names. After training they have the values of the last evaluation: of validation, if there is
   * one.
   */
  readonly metrics?: readonly Metric[];
  /** Are called after batches and epochs, such as `earlyStopping`; none by default. */
  readonly callbacks?: readonly Callback[];
  /**
   * Stops between two batches. The promise rejects with the signal's reason. Parameters keep the values of the last
   * step.
   */
  readonly signal?: Signal;
  /**
   * The seed of shuffling and Dropout. By default it is drawn from the default generator, so that `seed(n)` determines
   * it.
   */
  readonly seed?: number;
  /**
   * true writes a line for each epoch, and a progress bar on a terminal; false writes nothing. By default true if the
   * standard output is a terminal. A function is called after each batch and each epoch.
   */
  readonly progress?: boolean | ((report: ProgressReport) => void);
}

/**
 * Trains a model: in each epoch it reads the data batch by batch, and the optimizer does one step per batch. It yields to
 * the event loop about every 16 ms.
 *
 * A loss that is NaN ends training with an error that names the epoch, the step, and the first Parameter, input or layer
 * with a value that is not finite. That step overwrites nothing. With the callback `stopOnNaN`, training ends without an
 * error.
 *
 * @param model a Layer, or an object with its `forward` and `parameters`.
 * @param data `{ x, y, sampleWeights? }` with the samples along the first axes; or batches of this form from an iterable,
 *   or from a function of the epoch that returns one. An iterator (a generator that has been called) can be read once, so
 *   it can be used for one epoch only.
 * @returns for each epoch `loss` (the mean over its samples during training, including the penalty), the metrics, and
 *   validation results.
 * @throws ShapeError, ValueError before the first step if data or options do not fit.
 */
export async function fit(model: Model, data: Data, options: FitOptions): Promise<History> {
  const seed = options.seed ?? (await drawSeed());
  const run = await Run.open(model, data, options, new Generator(seed));
  return run.train();
}

/** 48 random bits, from two draws: the default generator's numbers are multiples of 2^-24. */
async function drawSeed(): Promise<number> {
  const [high, low] = await defaultGenerator().uniform([2]).data();
  return (high! * 16777216 + low!) * 16777216;
}

/** One call of `fit`. */
class Run implements Training {
  readonly model: Model;
  readonly optimizer: Optimizer;
  readonly epochs: number;
  readonly history = new History();
  readonly #options: FitOptions;
  readonly #data: Dataset;
  readonly #validation: Dataset | null;
  readonly #random: Generator;
  readonly #metrics: readonly Metric[];
  readonly #callbacks: readonly Callback[];
  readonly #batchSize: number;
  readonly #yielder = new EventLoopYielder();
  /** Whether a callback has `onBatchEnd`. */
  readonly #reportsBatches: boolean;

  private constructor(
    model: Model,
    data: Dataset,
    validation: Dataset | null,
    options: FitOptions,
    random: Generator,
  ) {
    const { optimizer, epochs = 1, metrics = [], callbacks = [], batchSize = 32 } = options;
    this.model = model;
    this.#data = data;
    this.#validation = validation;
    this.#options = options;
    this.#random = random;
    this.optimizer = optimizer;
    this.epochs = epochs;
    this.#metrics = metrics;
    this.#callbacks = [...callbacks, ...progressCallback(options.progress)];
    this.#batchSize = batchSize;
    this.#reportsBatches = this.#callbacks.some((callback) => callback.onBatchEnd !== undefined);
  }

  static async open(model: Model, data: Data, options: FitOptions, random: Generator): Promise<Run> {
    const { average, epochs = 1, initialEpoch = 0, validationData, validationSplit = 0 } = options;
    checkLoss('fit', options.loss);
    if (average && !model.parameters().some((p) => average.parameters.includes(p))) {
      throw new ValueError(
        "[fit] got an average without the model's Parameters. Create it with new WeightAverage(model.parameters()).",
      );
    }
    checkMetrics('fit', options.metrics ?? []);
    checkWhole('fit', 'epochs', epochs, 0);
    checkWhole('fit', 'initialEpoch', initialEpoch, 0);
    checkWhole('fit', 'batchSize', options.batchSize ?? 1, 1);
    if (initialEpoch > epochs) {
      throw new ValueError(
        `[fit] got initialEpoch ${initialEpoch} and epochs ${epochs}, wanted initialEpoch <= epochs. epochs includes the epochs before initialEpoch.`,
      );
    }
    if (!(validationSplit >= 0 && validationSplit < 1)) {
      throw new ValueError(
        `[fit] got validationSplit ${validationSplit}, wanted a number from 0 to below 1.`,
      );
    }
    const [train, rest] = splitValidation(await openDataset('fit', data), options);
    const validation = validationData === undefined ? rest : await openDataset('fit', validationData);
    for (const dataset of [train, validation]) {
      if (
        dataset !== null &&
        !(dataset instanceof ArrayDataset) &&
        dataset.once &&
        epochs - initialEpoch > 1
      ) {
        throw new ValueError(
          `[fit] got an iterator, which can be read only once, for ${epochs - initialEpoch} epochs. ` +
            'Pass a function that makes the batches again for each epoch: () => batches().',
        );
      }
    }
    return new Run(model, train, validation, options, random);
  }

  stop(reason: string): void {
    this.history.stopped ??= reason;
  }

  async train(): Promise<History> {
    const { average, initialEpoch = 0, signal } = this.#options;
    signal?.throwIfAborted();
    if (average?.swapped) await average.swap();
    try {
      for (const callback of this.#callbacks) await callback.onTrainBegin?.(this);
      for (let epoch = initialEpoch; epoch < this.epochs && !this.#stopped; epoch++) await this.#epoch(epoch);
      if (average?.swapped === false) await average.swap();
    } catch (error) {
      for (const callback of this.#callbacks) await callback.onTrainEnd?.(this, error);
      throw error;
    }
    for (const callback of this.#callbacks) await callback.onTrainEnd?.(this);
    return this.history;
  }

  get #stopped(): boolean {
    return this.history.stopped !== undefined;
  }

  async #epoch(epoch: number): Promise<void> {
    const data = this.#data;
    const metrics = this.#metrics;
    const callbacks = this.#callbacks;
    const batchSize = this.#batchSize;
    const options = this.#options;
    const yielder = this.#yielder;
    const { average, shuffle = true, signal } = options;
    const start = performance.now();
    for (const callback of callbacks) await callback.onEpochBegin?.(epoch, this);
    for (const metric of metrics) metric.reset();

    const random = this.#random.fork(epoch);
    const mean = new Mean();
    const order = shuffle ? { shuffle: random } : {};
    let number = 0;
    for await (const batch of data.batches({ batchSize, epoch, ...order })) {
      signal?.throwIfAborted();
      // With weights that are all 0 the mean loss is not defined, and there is nothing to learn.
      if (batch.weight > 0) await this.#step(batch, random, mean, epoch, number);
      if (this.#stopped) return;
      number++;
      await yielder.yieldIfDue();
    }
    signal?.throwIfAborted();

    const found: Record<string, number> = { loss: mean.result(), ...results(metrics) };
    const end = (): Promise<void> => this.#endEpoch(epoch, found, start);
    await (average === undefined ? end() : average.use(end));
  }

  /** Evaluates on validation data and calls the callbacks. */
  async #endEpoch(epoch: number, found: Record<string, number>, start: number): Promise<void> {
    const metrics = this.#metrics;
    const callbacks = this.#callbacks;
    const yielder = this.#yielder;
    const { loss, signal } = this.#options;
    if (this.#validation !== null) {
      const evaluation = { loss, metrics, ...(signal ? { signal } : {}) };
      const scores = await evaluateOn('fit', this.model, this.#validation, evaluation, { epoch, yielder });
      for (const [name, value] of Object.entries(scores)) found[`val_${name}`] = value;
    }
    const seconds = (performance.now() - start) / 1000;
    for (const callback of callbacks) await callback.onEpochEnd?.({ epoch, results: found, seconds }, this);
    this.history.record(epoch, found);
  }

  /** Trains on one batch. */
  async #step(batch: Batch, random: Generator, mean: Mean, epoch: number, number: number): Promise<void> {
    const metrics = this.#metrics;
    const callbacks = this.#callbacks;
    const options = this.#options;
    const data = this.#data;
    const { model, optimizer } = this;
    const { average } = options;
    const before = random.getState();
    const context = training({ rng: random });
    const predictions = callModel(model, batch.x, context);
    const loss = objective('fit', model, options.loss, predictions, batch);
    const learningRate = optimizer.currentLearningRate;
    try {
      const also = metrics.length > 0 ? [predictions] : [];
      await optimizer.minimize(loss, { also, context, ...(average ? { average } : {}) });
    } catch (error) {
      const replay = new Generator(0);
      replay.setState(before);
      const diagnosis = error instanceof ValueError ? diagnose(model, options.loss, batch, replay) : null;
      const cause = await diagnosis?.catch(() => null); // it fails like the step if NaN is not the cause
      if (!cause) throw error;
      await this.#notANumber(cause, epoch, number);
      return;
    }
    const value = (await loss.data())[0]!;
    mean.add(value, batch.weight);
    for (const metric of metrics) await metric.update(predictions, batch.y, batch.sampleWeights);
    if (!this.#reportsBatches) return;
    const logs: BatchLogs = {
      epoch,
      batch: number,
      batches: data.countBatches(this.#batchSize),
      step: optimizer.step,
      loss: value,
      learningRate,
      results: { loss: mean.result(), ...results(metrics) },
    };
    for (const callback of callbacks) await callback.onBatchEnd?.(logs, this);
  }

  async #notANumber(cause: string, epoch: number, batch: number): Promise<void> {
    const { step } = this.optimizer;
    const message = `[fit] epoch ${epoch + 1} of ${this.epochs}, step ${step + 1}: ${cause}`;
    for (const callback of this.#callbacks) await callback.onNaN?.({ epoch, batch, step, message }, this);
    if (!this.#stopped) throw new ValueError(message);
  }
}

/** The training samples, and the last samples for validation if `validationSplit` is above 0. */
function splitValidation(
  dataset: Dataset,
  options: FitOptions,
): [train: Dataset, validation: Dataset | null] {
  const { validationSplit: fraction = 0, validationData, batchSize, shuffle } = options;
  if (!(dataset instanceof ArrayDataset)) {
    const wrong = Object.entries({
      batchSize: batchSize !== undefined,
      shuffle: shuffle === true,
      validationSplit: fraction > 0,
    }).find(([, given]) => given);
    if (wrong === undefined) return [dataset, null];
    throw new ValueError(
      `[fit] got ${wrong[0]} with data that are batches already. Leave it out, or pass all samples at once: { x, y }.`,
    );
  }
  if (fraction === 0 || validationData !== undefined) return [dataset, null];
  const at = Math.floor(dataset.size * (1 - fraction));
  if (at === 0 || at === dataset.size) {
    throw new ValueError(
      `[fit] validationSplit ${fraction} of ${dataset.size} samples leaves ${at} to train on and ${dataset.size - at} for ` +
        'validation, wanted some in both.',
    );
  }
  return dataset.split(at);
}
