import {
  ArrayDataset,
  type Batch,
  type BatchCount,
  countBatches,
  type Data,
  type Dataset,
  openDataset,
} from '../data/dataset.ts';
import {
  checkCount,
  checkOptions,
  checkSignal,
  describe,
  type Known,
  refusal,
  reportAs,
} from '../ir/arguments.ts';
import { NonFiniteError, ValueError } from '../ir/errors.ts';
import { type TrainingOptions, training } from '../layers/base/context.ts';
import { lossTerms } from '../losses/loss-terms.ts';
import type { Metric } from '../metrics/metric.ts';
import type { Optimizer, WeightAverage } from '../optim/index.ts';
import { defaultGenerator, Generator } from '../tensor/random.ts';
import type { Signal } from '../util/host-types.ts';
import { now } from '../util/timers.ts';
import { type BatchLogs, type Callback, checkCallback } from './callbacks/callback.ts';
import { checkTrained } from './check-trained.ts';
import type { Checkpoint, Position, Resumable, Resume, Saving } from './checkpoint/types.ts';
import { diagnose, noWeight } from './diagnose.ts';
import { evaluateOn } from './evaluate.ts';
import { EventLoopYielder } from './event-loop-yielder.ts';
import { History } from './history.ts';
import {
  callModel,
  checkList,
  checkLoss,
  checkMetrics,
  checkModel,
  checkWhole,
  type LossFunction,
  type Model,
  objective,
  results,
} from './model.ts';
import { type ProgressReport, progressCallback } from './progress.ts';
import { RunningLoss, termTensors } from './running-loss.ts';
import { splitSamples } from './validation-split.ts';

export interface FitOptions {
  /** The loss to minimize. The model's penalty is added to it. */
  readonly loss: LossFunction;
  /** Made with the model's Parameters. */
  readonly optimizer: Optimizer;
  /**
   * Whether the loss may depend on trainable Parameters that the optimizer does not hold. false by default: an error at the
   * first step says which ones would not be trained.
   */
  readonly allowUntrained?: boolean;
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
  /**
   * Whether a last batch with fewer than `batchSize` samples is left out in each epoch; false by default. With `shuffle`
   * they are other samples each time. Not for data that are batches already.
   */
  readonly dropLast?: boolean;
  /** Evaluated after each epoch; results have the prefix `val_`. It takes precedence over `validationSplit`. */
  readonly validationData?: Data;
  /**
   * The fraction of the samples that is used for validation, from 0 (default) to below 1: the last ones before shuffling.
   * Their number is rounded up, as in scikit-learn and Keras.
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
   * Stores everything that training needs to go on after an interruption, to the bit; made by `checkpoint(store, ...)`. None
   * by default.
   */
  readonly checkpoint?: Checkpoint;
  /**
   * Goes on from the newest valid checkpoint: 'auto' begins at the start if there is none, 'require' is an error then. By
   * default training begins at the start.
   */
  readonly resume?: Resume;
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
   * true writes a line for each epoch, and in between a progress bar on a terminal, elsewhere a line every 30 seconds; false writes nothing. By default true if the
   * standard output is a terminal. A function is called after each batch and each epoch.
   */
  readonly progress?: boolean | ((report: ProgressReport) => void);
}

/**
 * Trains a model: in each epoch it reads the data batch by batch, and the optimizer does one step per batch. It yields to
 * the event loop about every 16 ms.
 *
 * If the loss, a gradient, or a new value of a Parameter, of the optimizer's state or of a running statistic is NaN or
 * infinite, training ends with a NonFiniteError that names the epoch, the step, and the first Parameter, input or layer with
 * such a value. That step overwrites nothing. With the callback `stopOnNaN`, training ends without an error.
 *
 * @param model a Layer, or an object with its `forward` and `parameters`.
 * @param data `{ x, y, sampleWeights? }` with the samples along the first axes; or batches of this form from an iterable,
 *   or from a function of the epoch that returns one. An iterator (a generator that has been called) can be read once, so
 *   it can be used for one epoch only.
 * @returns for each epoch `loss` (over its samples during training, including the penalty; combined as in `evaluate`),
 *   the metrics, and validation results.
 * @throws ShapeError, ValueError before the first step if data or options do not fit.
 * @throws StateError before the first step if the loss depends on a trainable Parameter that the optimizer does not hold.
 */
export async function fit(model: Model, data: Data, options: FitOptions): Promise<History> {
  checkFit(model, options, arguments.length);
  const { seed = await drawSeed() } = options;
  reportAs('fit', () => new Generator(seed));
  const run = await Run.open(model, data, options, seed);
  return run.train();
}

const fitOptions: Known<FitOptions> = {
  loss: 0,
  optimizer: 0,
  allowUntrained: true,
  average: 0,
  epochs: 0,
  initialEpoch: 0,
  batchSize: 0,
  shuffle: true,
  dropLast: true,
  validationData: 0,
  validationSplit: 0,
  metrics: 0,
  callbacks: 0,
  checkpoint: 0,
  resume: 0,
  signal: 0,
  seed: 0,
  progress: 0,
};

/** The border of `fit`: what its types say. */
function checkFit(model: Model, options: FitOptions, count: number): void {
  checkModel('fit', model);
  checkOptions('fit', options ?? null, fitOptions);
  checkCount('fit', count, 3);
  checkLoss('fit', options.loss);
  checkSignal('fit', options.signal);
  const { average, callbacks = [], checkpoint, resume } = options;
  if (average !== undefined && !Array.isArray(average?.parameters)) {
    throw new ValueError(
      `[fit] got average ${describe(average)}, wanted new WeightAverage(model.parameters()).`,
    );
  }
  checkList('fit', 'callbacks', callbacks);
  for (const callback of callbacks) checkCallback('fit', callback);
  if (checkpoint !== undefined && typeof checkpoint?.open !== 'function')
    throw refusal('fit', 'checkpoint', checkpoint, 'checkpoint(store, { every: { epochs: 1 } })');
  if (resume !== undefined && ((resume !== 'auto' && resume !== 'require') || checkpoint === undefined))
    throw refusal('fit', 'resume', resume, "'auto' or 'require', and a checkpoint");
  if (typeof options.optimizer?.minimize === 'function') return;
  throw new ValueError(
    `[fit] got optimizer ${describe(options.optimizer)}, wanted one such as new Adam(model.parameters()).`,
  );
}

/** 48 random bits, from two draws: the default generator's numbers are multiples of 2^-24. */
async function drawSeed(): Promise<number> {
  const [high, low] = await defaultGenerator().uniform([2]).data();
  return (high! * 16777216 + low!) * 16777216;
}

/** One call of `fit`. */
class Run implements Resumable {
  readonly model: Model;
  readonly optimizer: Optimizer;
  readonly epochs: number;
  readonly metrics: readonly Metric[];
  readonly history = new History();
  readonly options: FitOptions;
  readonly data: Dataset;
  readonly validation: Dataset | null;
  readonly callbacks: readonly Callback[];
  seed: number;
  position: Position;
  readonly #count: Partial<BatchCount>;
  readonly #yielder = new EventLoopYielder();
  /** Whether a callback has `onBatchEnd`. */
  readonly #reportsBatches: boolean;
  /** Whether the first step has found that the optimizer holds what the loss depends on. */
  #checked = false;
  #saving: Saving | undefined;

  private constructor(
    model: Model,
    data: Dataset,
    count: Partial<BatchCount>,
    validation: Dataset | null,
    options: FitOptions,
    seed: number,
  ) {
    const { optimizer, epochs = 1, initialEpoch = 0, metrics = [], callbacks = [] } = options;
    this.model = model;
    this.data = data;
    this.#count = count;
    this.validation = validation;
    this.options = options;
    this.seed = seed;
    this.optimizer = optimizer;
    this.epochs = epochs;
    this.metrics = metrics;
    this.callbacks = [...callbacks, ...progressCallback(options.progress)];
    this.#reportsBatches = this.callbacks.some((callback) => callback.onBatchEnd !== undefined);
    this.position = this.#startOf(initialEpoch);
  }

  static async open(model: Model, data: Data, options: FitOptions, seed: number): Promise<Run> {
    const { average, epochs = 1, initialEpoch = 0, validationData, validationSplit = 0 } = options;
    if (average !== undefined && !model.parameters().some((p) => average.parameters.includes(p))) {
      throw new ValueError(
        "[fit] got an average without the model's Parameters. Create it with new WeightAverage(model.parameters()).",
      );
    }
    checkMetrics('fit', options.metrics === undefined ? [] : options.metrics);
    checkWhole('fit', 'epochs', epochs, 0);
    checkWhole('fit', 'initialEpoch', initialEpoch, 0);
    checkWhole('fit', 'batchSize', options.batchSize === undefined ? 32 : options.batchSize, 1);
    if (initialEpoch > epochs) {
      throw new ValueError(
        `[fit] got initialEpoch ${initialEpoch} and epochs ${epochs}, wanted initialEpoch <= epochs. epochs includes the epochs before initialEpoch.`,
      );
    }
    if (!(typeof validationSplit === 'number' && validationSplit >= 0 && validationSplit < 1)) {
      throw new ValueError(
        `[fit] got validationSplit ${describe(validationSplit)}, wanted a number from 0 to below 1.`,
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
    const { batchSize = 32, dropLast = false } = options;
    const count =
      train instanceof ArrayDataset ? countBatches('fit', train.size, batchSize, dropLast) : train.count;
    return new Run(model, train, count, validation, options, seed);
  }

  stop(reason: string): void {
    this.history.stopped ??= reason;
  }

  #startOf(epoch: number): Position {
    const random = new Generator(this.seed).fork(epoch);
    return { epoch, batches: 0, random, loss: new RunningLoss(), start: now() };
  }

  async train(): Promise<History> {
    const { average, checkpoint, resume, signal } = this.options;
    signal?.throwIfAborted();
    const saving = await checkpoint?.open(this, resume);
    this.#saving = saving;
    if (average?.swapped) await average.swap();
    try {
      for (const callback of this.callbacks) await callback.onTrainBegin?.(this);
      await saving?.restore();
      while (this.position.epoch < this.epochs && !this.#stopped) await this.#epoch();
      await saving?.end();
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

  /** Trains from the position to the end of its epoch. */
  async #epoch(): Promise<void> {
    const { callbacks, data, metrics, position } = this;
    const { batches: from, epoch, random } = position;
    const saving = this.#saving;
    const yielder = this.#yielder;
    const { average, batchSize = 32, shuffle = true, dropLast = false, signal } = this.options;
    if (from === 0) {
      position.start = now();
      for (const callback of callbacks) await callback.onEpochBegin?.(epoch, this);
      for (const metric of metrics) metric.reset();
    }

    // Within an epoch the generator is behind the order, which is drawn again.
    const order = shuffle ? { shuffle: from === 0 ? random : this.#startOf(epoch).random } : {};
    for await (const batch of data.batches({ batchSize, epoch, dropLast, from, ...order })) {
      signal?.throwIfAborted();
      // With weights that are all 0 the mean loss is not defined, and there is nothing to learn.
      if (batch.weight > 0) await this.#step(batch);
      position.batches++;
      if (this.#stopped) return;
      if (batch.weight > 0) await saving?.afterStep();
      await yielder.yieldIfDue();
    }
    signal?.throwIfAborted();

    const end = (): Promise<void> => this.#endEpoch();
    await (average === undefined ? end() : average.use(end));
    this.position = this.#startOf(epoch + 1);
    await saving?.afterEpoch();
  }

  /** Evaluates on validation data and calls the callbacks. */
  async #endEpoch(): Promise<void> {
    const { callbacks, metrics } = this;
    const yielder = this.#yielder;
    const { epoch, loss: mean, start } = this.position;
    const { loss, signal } = this.options;
    const found: Record<string, number> = { loss: mean.result(), ...results(metrics) };
    if (this.validation !== null) {
      const evaluation = { loss, metrics, ...(signal ? { signal } : {}) };
      const scores = await evaluateOn('fit', this.model, this.validation, evaluation, { epoch, yielder });
      for (const [name, value] of Object.entries(scores)) found[`val_${name}`] = value;
    }
    const seconds = (now() - start) / 1000;
    for (const callback of callbacks) await callback.onEpochEnd?.({ epoch, results: found, seconds }, this);
    this.history.record(epoch, found);
  }

  /** Trains on one batch. */
  async #step(batch: Batch): Promise<void> {
    const { callbacks, metrics, model, optimizer, options } = this;
    const { batches: number, epoch, loss: mean, random } = this.position;
    const { average } = options;
    const before = random.getState();
    const { lastBatchSize = batch.size } = this.#count;
    const onOutput =
      number === 0 && lastBatchSize < batch.size ? checkLastBatch(lastBatchSize, batch.size) : undefined;
    const context = training({ rng: random, ...(onOutput && { onOutput }) });
    const predictions = callModel(model, batch.x, context);
    const loss = objective('fit', model, options.loss, predictions, batch);
    if (!this.#checked && !options.allowUntrained) checkTrained(loss, optimizer);
    this.#checked = true;
    const terms = lossTerms(loss);
    const learningRate = optimizer.currentLearningRate;
    try {
      const also = [...termTensors(terms), ...(metrics.length > 0 ? [predictions] : [])];
      await optimizer.minimize(loss, { also, context, ...(average ? { average } : {}) });
    } catch (error) {
      if (!(error instanceof NonFiniteError)) throw error;
      const replay = new Generator(0);
      replay.setState(before);
      const cause = await diagnose(model, options.loss, batch, replay);
      // As a batch whose sample weights are all 0.
      if (cause === noWeight) return;
      await this.#notFinite(cause ?? error.message.replace(/^\[\w+\] | at step \d+/g, ''), epoch, number);
      return;
    }
    const value = (await loss.data())[0]!;
    await mean.add(value, terms, batch.weight);
    for (const metric of metrics) await metric.update(predictions, batch.y, batch.sampleWeights);
    if (!this.#reportsBatches) return;
    const logs: BatchLogs = {
      epoch,
      batch: number,
      batches: this.#count.batches,
      step: optimizer.step,
      loss: value,
      learningRate,
      results: { loss: mean.result(), ...results(metrics) },
    };
    for (const callback of callbacks) await callback.onBatchEnd?.(logs, this);
  }

  async #notFinite(cause: string, epoch: number, batch: number): Promise<void> {
    const { step } = this.optimizer;
    const message = `[fit] epoch ${epoch + 1} of ${this.epochs}, step ${step + 1}: ${cause}`;
    for (const callback of this.callbacks) await callback.onNaN?.({ epoch, batch, step, message }, this);
    if (!this.#stopped) throw new NonFiniteError(message);
  }
}

/** The training samples, and the samples for validation if `validationSplit` is above 0. */
function splitValidation(
  dataset: Dataset,
  options: FitOptions,
): [train: Dataset, validation: Dataset | null] {
  const { validationSplit = 0, validationData, batchSize, shuffle, dropLast } = options;
  if (dataset instanceof ArrayDataset) {
    return validationSplit === 0 || validationData !== undefined
      ? [dataset, null]
      : splitSamples(dataset, validationSplit);
  }
  const wrong = Object.entries({
    batchSize: batchSize !== undefined,
    shuffle: shuffle === true,
    dropLast: dropLast === true,
    validationSplit: validationSplit > 0,
  }).find(([, given]) => given);
  if (wrong === undefined) return [dataset, null];
  throw new ValueError(
    `[fit] got ${wrong[0]} with data that are batches already. Leave it out, or pass all samples at once: { x, y }.`,
  );
}

/** Checks in a full batch whether each layer can train on a smaller last one. */
function checkLastBatch(last: number, full: number): TrainingOptions['onOutput'] {
  return (layer, { shape }) => {
    // A layer may divide samples into several rows.
    const rows = shape[0]! / full;
    if (Number.isInteger(rows)) layer.checkTrainingBatch?.([rows * last, ...shape.slice(1)]);
  };
}
