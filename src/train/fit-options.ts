import type { Data } from '../data/dataset.ts';
import {
  checkCount,
  checkOptions,
  checkSignal,
  checkWhole,
  describe,
  type Known,
  refusal,
} from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import type { Optimizer, WeightAverage } from '../optim/index.ts';
import type { Tensors } from '../tensor/structure.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Signal } from '../util/host-types.ts';
import { type Callback, checkCallback } from './callbacks/callback.ts';
import type { Checkpoint, Resume } from './checkpoint/types.ts';
import { type AnyModel, checkModel } from './model.ts';
import { checkList, type Loss, type Metrics } from './outputs.ts';
import type { ProgressReport } from './progress.ts';
import type { World } from './world.ts';

/** The options of `fit` for a model that takes X and returns Y. */
export interface FitOptions<Y extends Tensors = Tensor, X extends Tensors = Tensor> {
  /**
   * The loss to minimize. The model's penalty is added to it. For several outputs a record (for a tuple an array) with a loss, or
   * `{ loss, weight }`, for each output that has one; their weighted sum is minimized.
   */
  readonly loss: Loss<Y>;
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
   * Into how many shards each batch is cut, a power of two; 1 by default. Shards are computed one after the other, which needs
   * less memory, and their gradients are added for one update. BatchNorm uses the statistics of its shard. Another number gives
   * other bits.
   */
  readonly accumulate?: number;
  /**
   * The processes that train together, from `ndgrad/mpi`: the shards are distributed among them, at least one for each. Their
   * number does not change a bit. Rank 0 shows progress and stores checkpoints; callbacks are called on all ranks. This process
   * alone by default.
   */
  readonly world?: World;
  /**
   * Whether each rank of `world` keeps only its part of the optimizer's state during training (ZeRO stage 1, Rajbhandari et al.
   * 2020); false by default. It does not change a bit. Before and after `fit` every rank has the whole state.
   */
  readonly shardOptimizerState?: boolean;
  /**
   * The type in which the gradients of shards are added and exchanged between the ranks of `world`; 'float32' by default.
   * 'bfloat16' halves the bytes: every sum is rounded to the nearest bfloat16, ties to even, so it gives other bits, which do not
   * depend on the number of ranks either. Parameters, and the rest of the step, are float32 (`reduce_dtype` of PyTorch's FSDP).
   */
  readonly reduceDType?: 'float32' | 'bfloat16';
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
  readonly validationData?: Data<X, Y>;
  /**
   * The fraction of the samples that is used for validation, from 0 (default) to below 1: the last ones before shuffling.
   * Their number is rounded up, as in scikit-learn and Keras.
   */
  readonly validationSplit?: number;
  /**
   * Reported under their names. After training they have the values of the last evaluation: of validation, if there is
   * one. For several outputs a record of lists; the names then begin with that of the output: `mpg_meanAbsoluteError`.
   */
  readonly metrics?: Metrics<Y>;
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

/** The options for any model. */
export type AnyFitOptions = FitOptions<Tensors, Tensors>;

const fitOptions: Known<AnyFitOptions> = {
  loss: 0,
  optimizer: 0,
  allowUntrained: true,
  average: 0,
  epochs: 0,
  initialEpoch: 0,
  batchSize: 0,
  accumulate: 0,
  world: 0,
  shardOptimizerState: true,
  reduceDType: 0,
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

/** The border of `fit`: what its types say, except losses and metrics. */
export function checkFit(model: AnyModel, options: AnyFitOptions, count: number): void {
  checkModel('fit', model);
  checkOptions('fit', options ?? null, fitOptions);
  checkCount('fit', count, 3);
  checkSignal('fit', options.signal);
  const { average, callbacks = [], checkpoint, optimizer, resume } = options;
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
  if (typeof optimizer?.minimize !== 'function')
    throw refusal('fit', 'optimizer', optimizer, 'one such as new Adam(model.parameters())');
  checkValues(model, options);
}

/** @throws ValueError for numbers out of range, and options that do not fit each other. */
function checkValues(model: AnyModel, options: AnyFitOptions): void {
  const {
    accumulate = 1,
    average,
    batchSize = 32,
    epochs = 1,
    initialEpoch = 0,
    reduceDType = 'float32',
    shardOptimizerState = false,
    validationSplit = 0,
    world,
  } = options;
  if (average !== undefined && !model.parameters().some((p) => average.parameters.includes(p))) {
    throw new ValueError(
      "[fit] got an average without the model's Parameters. Create it with new WeightAverage(model.parameters()).",
    );
  }
  checkWhole('fit', 'epochs', epochs, 0);
  checkWhole('fit', 'initialEpoch', initialEpoch, 0);
  checkWhole('fit', 'batchSize', batchSize, 1);
  if (!(Number.isInteger(accumulate) && accumulate >= 1 && (accumulate & (accumulate - 1)) === 0))
    throw refusal('fit', 'accumulate', accumulate, 'a power of two: 1, 2, 4, ...');
  if (world !== undefined && typeof world?.combine !== 'function')
    throw refusal('fit', 'world', world, 'await mpi() of ndgrad/mpi');
  if (world !== undefined && world.size > accumulate)
    throw refusal('fit', 'accumulate', accumulate, `a power of two from the ${world.size} ranks up`);
  if (world === undefined && (shardOptimizerState || reduceDType !== 'float32'))
    throw refusal('fit', 'world', world, 'await mpi() of ndgrad/mpi for shardOptimizerState and reduceDType');
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
}
