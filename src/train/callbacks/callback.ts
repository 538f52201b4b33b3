import { checkOptions, describe, type Known, refusal } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import type { State } from '../../ir/state.ts';
import type { Metric } from '../../metrics/metric.ts';
import type { Optimizer } from '../../optim/index.ts';
import type { History } from '../history.ts';
import type { Model } from '../model.ts';

/** The values of a Parameter, for charts. */
export interface ParameterValues {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** The training that a callback belongs to. */
export interface Training {
  readonly model: Model;
  /** @internal The values of the model's Parameters, where the model is in a worker. */
  readonly values?: () => Promise<readonly ParameterValues[]>;
  readonly optimizer: Optimizer;
  /** The total number of epochs. */
  readonly epochs: number;
  /** The metrics that are reported. */
  readonly metrics: readonly Metric[];
  /** The results of the finished epochs. */
  readonly history: History;
  /** The number of this process among those that train together; 0 for one alone. Callbacks that write files do it on rank 0. */
  readonly rank: number;
  /** Ends training after the current batch. The reason is stored in the history. */
  stop(reason: string): void;
}

/** A finished training batch. */
export interface BatchLogs {
  /** Counted from 0. */
  readonly epoch: number;
  /** Within the epoch, counted from 0. */
  readonly batch: number;
  /** The number of batches in the epoch, if it is known. */
  readonly batches: number | undefined;
  /** The optimizer's number of updates. */
  readonly step: number;
  /** The loss of this batch, including the penalty. */
  readonly loss: number;
  /** The learning rate of this update. */
  readonly learningRate: number;
  /** The time since the beginning of the epoch. The time before an interruption counts too. */
  readonly seconds: number;
  /**
   * `loss` and each metric over the epoch so far. With a callback of your own they are computed after each batch, which takes
   * long for some metrics: `RocAuc` sorts all scores of the epoch.
   */
  readonly results: Readonly<Record<string, number>>;
}

/** A finished epoch. */
export interface EpochLogs {
  /** Counted from 0. */
  readonly epoch: number;
  /** `loss`, metrics and validation results. Values that a callback adds are stored in the history. */
  readonly results: Record<string, number>;
  /** The duration, including validation. */
  readonly seconds: number;
}

/** A loss, a gradient or a new value that is NaN or infinite. No Parameter has been overwritten. */
export interface NaNLoss {
  readonly epoch: number;
  readonly batch: number;
  /** The optimizer's number of updates before this batch. */
  readonly step: number;
  /** The epoch and step, and where the first NaN or infinite value is. */
  readonly message: string;
}

/**
 * Functions that `fit` calls during training. All are optional. Training waits for the promises that they return and
 * rejects with the errors that they throw.
 */
export interface Callback {
  /** The kind of callback, under which files store its state: `earlyStopping`. */
  readonly kind?: string;
  onTrainBegin?(training: Training): void | Promise<void>;
  onEpochBegin?(epoch: number, training: Training): void | Promise<void>;
  onBatchEnd?(logs: BatchLogs, training: Training): void | Promise<void>;
  /** @internal Whether `onBatchEnd` reads `results` only while it runs, or not at all: they are computed when they are read. */
  readonly lazyResults?: boolean;
  /** Not called for an epoch that was stopped before its end. */
  onEpochEnd?(logs: EpochLogs, training: Training): void | Promise<void>;
  /** Called when the loss, a gradient or a new value is NaN or infinite. Training then rejects unless a callback calls `training.stop`. */
  onNaN?(problem: NaNLoss, training: Training): void | Promise<void>;
  /**
   * Always called at the end, once training has begun. `error` is what `fit` rejects with, if it failed or was aborted.
   */
  onTrainEnd?(training: Training, error?: unknown): void | Promise<void>;
  /**
   * A copy of what the callback remembers, for checkpoints. A callback that remembers something between two calls needs it
   * to go on from a checkpoint.
   */
  getState?(): State | Promise<State>;
  /**
   * Goes on from a state that `getState` returned. Called after `onTrainBegin` when training is resumed. Within an epoch
   * `onEpochBegin` is not called again for a callback that has a state.
   */
  setState?(state: State): void | Promise<void>;
}

const hooks: Known<Omit<Callback, 'kind' | 'lazyResults' | 'getState' | 'setState'>> = {
  onTrainBegin: 0,
  onEpochBegin: 0,
  onBatchEnd: 0,
  onEpochEnd: 0,
  onNaN: 0,
  onTrainEnd: 0,
};

/** @throws ValueError unless it is an object whose methods `on...` are hooks. */
export function checkCallback(operation: string, callback: Callback): void {
  if (typeof callback !== 'object' || callback === null) {
    throw new ValueError(
      `[${operation}] got ${describe(callback)} among callbacks, wanted objects such as earlyStopping(). Call the function that makes one.`,
    );
  }
  // Methods of a class are not enumerable.
  for (let of: object | null = callback; of !== null; of = Object.getPrototypeOf(of) as object | null) {
    for (const key of Object.getOwnPropertyNames(of)) {
      if (!/^on[A-Z]/.test(key)) continue;
      checkOptions(operation, { [key]: 0 }, hooks);
      const hook: unknown = callback[key as keyof Callback];
      if (hook !== undefined && typeof hook !== 'function') throw refusal(operation, key, hook, 'a function');
    }
  }
}
