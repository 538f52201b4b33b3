import type { Optimizer } from '../../optim/index.ts';
import type { History } from '../history.ts';
import type { Model } from '../model.ts';

/** The training that a callback takes part in. */
export interface Training {
  readonly model: Model;
  readonly optimizer: Optimizer;
  /** The epoch before which training ends. */
  readonly epochs: number;
  /** The epochs that are over. */
  readonly history: History;
  /** Ends training after the present batch; the reason goes into the history. */
  stop(reason: string): void;
}

/** A batch that was learned. */
export interface BatchLogs {
  /** Counted from 0. */
  readonly epoch: number;
  /** Within the epoch, counted from 0. */
  readonly batch: number;
  /** How many the epoch has, where it is known. */
  readonly batches: number | undefined;
  /** Updates that the optimizer has done. */
  readonly step: number;
  /** Of this batch, penalty included. */
  readonly loss: number;
  /** The rate of this update. */
  readonly learningRate: number;
  /** Over the epoch so far: `loss` and each metric. */
  readonly results: Readonly<Record<string, number>>;
}

/** An epoch that is over. */
export interface EpochLogs {
  /** Counted from 0. */
  readonly epoch: number;
  /** `loss`, metrics and validation. What a callback adds goes into the history. */
  readonly results: Record<string, number>;
  /** Time taken, validation included. */
  readonly seconds: number;
}

/** A loss that is NaN. No Parameter was overwritten. */
export interface NaNLoss {
  readonly epoch: number;
  readonly batch: number;
  /** Updates that the optimizer had done before. */
  readonly step: number;
  /** When it was, and what holds the first value that is NaN or infinite. */
  readonly message: string;
}

/**
 * Is told how a training goes. All functions are optional; training waits for the promises that they return,
 * and fails with what they throw.
 */
export interface Callback {
  /** The kind of callback, under which files store its state: `earlyStopping`. */
  readonly kind?: string;
  onTrainBegin?(training: Training): void | Promise<void>;
  onEpochBegin?(epoch: number, training: Training): void | Promise<void>;
  onBatchEnd?(logs: BatchLogs, training: Training): void | Promise<void>;
  /** Not called for an epoch that was stopped on its way. */
  onEpochEnd?(logs: EpochLogs, training: Training): void | Promise<void>;
  /** Training fails after this unless a callback stops it. */
  onNaN?(problem: NaNLoss, training: Training): void | Promise<void>;
  /**
   * Always called once training has begun. `error` is there if it failed or was aborted: what `fit` rejects
   * with.
   */
  onTrainEnd?(training: Training, error?: unknown): void | Promise<void>;
}
