import type { Dataset } from '../../data/dataset.ts';
import type { OptimizerState, WeightAverage } from '../../optim/index.ts';
import type { Generator } from '../../tensor/random.ts';
import type { Callback, Training } from '../callbacks/callback.ts';
import type { RunningLosses } from '../running-loss.ts';

/** Whether training goes on from the newest checkpoint: if there is one, or in any case. */
export type Resume = 'auto' | 'require';

/** Stores the state of training. `checkpoint` makes it, `fit` uses it. */
export interface Checkpoint {
  /** The name of the checkpoint with the best monitored result; null without the option `monitor` and before the first. */
  readonly best: string | null;
  /**
   * @internal Finds the checkpoint to go on from. Nothing is changed.
   *
   * @throws ValueError with all differences if it belongs to other training; StateError if one is required and there is none.
   */
  open(run: Resumable, resume: Resume | undefined): Promise<Saving>;
}

/** The checkpoints of one call of `fit`. */
export interface Saving {
  /** Copies the optimizer's state for a checkpoint. */
  getOptimizerState: () => Promise<OptimizerState>;
  /** Goes on from the checkpoint that was found, if there is one. */
  restore(): Promise<void>;
  /** After a step and all its `onBatchEnd`. */
  afterStep(): Promise<void>;
  /** After validation, all `onEpochEnd` and the entry in the history. */
  afterEpoch(): Promise<void>;
  /** After the last epoch, and before anything of `onTrainEnd`: stores the last checkpoint. */
  end(): Promise<void>;
  /** Waits until nothing is being written. */
  settle(): Promise<void>;
}

/** Where training stands between two batches. */
export interface Position {
  /** Counted from 0. */
  readonly epoch: number;
  /** How many of the epoch's batches have been read. */
  batches: number;
  /** The random numbers of the epoch: its order, then Dropout. */
  readonly random: Generator;
  /** The losses of the epoch. */
  readonly losses: RunningLosses;
  /** When the epoch began, in milliseconds; earlier by the time that it took before an interruption. */
  start: number;
}

/** A call of `fit`: what it remembers, and what it was given. */
export interface Resumable extends Training {
  readonly data: Dataset;
  readonly validation: Dataset | null;
  /** Those of the options, then that of `progress`. */
  readonly callbacks: readonly Callback[];
  readonly options: {
    readonly accumulate?: number;
    readonly average?: WeightAverage;
    readonly batchSize?: number;
    readonly callbacks?: readonly Callback[];
    readonly checkpoint?: Checkpoint;
    readonly dropLast?: boolean;
    readonly initialEpoch?: number;
    readonly reduceDType?: 'float32' | 'bfloat16';
    readonly seed?: number;
    readonly shardOptimizerState?: boolean;
    readonly shuffle?: boolean;
  };
  /** The seed of shuffling and Dropout. */
  seed: number;
  position: Position;
}
