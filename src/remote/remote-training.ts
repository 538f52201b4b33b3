import { checkArray, checkOptions, checkSignal, type Known } from '../ir/arguments.ts';
import { type Callback, checkCallback } from '../train/callbacks/callback.ts';
import type { History } from '../train/history.ts';
import type { Signal } from '../util/host-types.ts';

export interface TrainInWorkerOptions {
  /** Passed to the worker's setup function: anything that `structuredClone` copies. undefined by default. */
  readonly message?: unknown;
  /**
   * Called on this side with the events of `fit`, such as those of `ndgrad/charts`; none by default. Those that read or
   * change the model, as `earlyStopping` does, belong into the options that the worker gives to `fit`.
   */
  readonly callbacks?: readonly Callback[];
  /** Stops training between two batches. `result` rejects with the signal's reason at once. */
  readonly signal?: Signal;
}

const knownOptions: Known<TrainInWorkerOptions> = { message: 0, callbacks: 0, signal: 0 };

/**
 * A training in a worker. Its methods send a message, and their promises resolve when the worker has answered. They reject
 * with a StateError when the worker has ended.
 */
export interface RemoteTraining {
  /** What `fit` returns in the worker. Rejects with the error of `fit` or of the worker. */
  readonly result: Promise<History>;
  /** Holds training after the current batch. Resolves when no batch runs any more. */
  pause(): Promise<void>;
  /** Lets a paused training go on. */
  resume(): Promise<void>;
  /** Trains on some batches, 1 by default, and then holds. Resolves when training is held again or has ended. */
  step(batches?: number): Promise<void>;
  /** Ends training after the current batch, without an error. The reason is stored in the history. */
  stop(reason?: string): Promise<void>;
  /** Sets the optimizer's learning rate, from the next batch on. It replaces a schedule. */
  setLearningRate(rate: number): Promise<void>;
  /**
   * The model's weights as a safetensors file, between two batches or after training: for `loadWeights` with a model of this
   * side.
   *
   * @throws NonFiniteError for values that are NaN or infinite.
   */
  weights(): Promise<Uint8Array>;
}

/** The border of `trainInWorker`, except for the worker. */
export function checkTrainInWorker(options: TrainInWorkerOptions): void {
  checkOptions('trainInWorker', options, knownOptions);
  const { callbacks = [], signal } = options;
  checkSignal('trainInWorker', signal);
  checkArray('trainInWorker', 'callbacks', callbacks, '[lossChart(element)]');
  for (const callback of callbacks) checkCallback('trainInWorker', callback);
}
