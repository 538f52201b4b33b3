import type { Data } from '../data/dataset.ts';
import { checkCount, checkOptions, checkWhole, describe, type Known, reportAs } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import { exp, log } from '../ir/math/index.ts';
import { copyOf } from '../optim/copy.ts';
import { tensor } from '../tensor/creation.ts';
import type { Parameter } from '../tensor/parameter.ts';
import { defaultGenerator } from '../tensor/random.ts';
import { runAssignments } from '../tensor/step.ts';
import type { Callback } from './callbacks/callback.ts';
import { fit } from './fit.ts';
import type { FitOptions } from './fit-options.ts';
import { checkModel, type Model } from './model.ts';

/** Options of `findLearningRate`; those with the names of `fit` mean the same. */
export interface FindLearningRateOptions
  extends Pick<FitOptions, 'loss' | 'optimizer' | 'batchSize' | 'shuffle' | 'dropLast' | 'seed' | 'signal'> {
  /** The learning rate of the first step; 1e-7 by default. */
  readonly start?: number;
  /** The learning rate of the last step; 10 by default. */
  readonly end?: number;
  /** The number of steps; 100 by default. */
  readonly steps?: number;
  /** The fraction of the running mean of the loss that each step keeps; 0.95 by default. */
  readonly smoothing?: number;
}

/** What `findLearningRate` has measured: one entry for each step. */
export interface LearningRateCurve {
  readonly learningRates: readonly number[];
  /** The loss of the batch, including the penalty. */
  readonly losses: readonly number[];
  /** Running means of the losses, without bias towards 0. */
  readonly smoothed: readonly number[];
  /** Where the smoothed loss falls most steeply over the logarithm of the learning rate; null if it never falls. */
  readonly suggestion: number | null;
}

const known: Known<FindLearningRateOptions> = {
  ...{ loss: 0, optimizer: 0, batchSize: 0, shuffle: true, dropLast: true, seed: 0, signal: 0 },
  ...{ start: 0, end: 0, steps: 0, smoothing: 0 },
};

/** Training ends when the smoothed loss exceeds the least one by this factor. */
const DIVERGED = 4;
/** Steps at the beginning and at the end that are not suggested. */
const [SKIPPED_BEFORE, SKIPPED_AFTER] = [10, 1];

/**
 * Trains for some steps with a learning rate that rises exponentially from `start` to `end`, and records the loss (the range
 * test of Smith 2017). A good learning rate is where the loss falls fast, well below where it rises. It ends early when the
 * loss is NaN or infinite, or its running mean is 4 times the least one.
 *
 * ```ts
 * const { suggestion } = await findLearningRate(model, data, { loss, optimizer });
 * optimizer.learningRate = suggestion ?? 1e-3;
 * ```
 *
 * Afterwards the model, the optimizer and the default generator are as before, to the bit. The suggestion is that of PyTorch
 * Lightning: the steepest descent, without the first 10 steps and the last one. For a `MultiOptimizer` it is the factor of
 * its learning rates.
 *
 * @throws ShapeError, ValueError, StateError as `fit`.
 */
export async function findLearningRate(
  model: Model,
  data: Data,
  options: FindLearningRateOptions,
): Promise<LearningRateCurve> {
  checkModel('findLearningRate', model);
  checkOptions('findLearningRate', options ?? null, known);
  checkCount('findLearningRate', arguments.length, 3);
  const { start = 1e-7, end = 10, steps = 100, smoothing = 0.95, optimizer, ...training } = options;
  if (!(typeof start === 'number' && start > 0 && typeof end === 'number' && end > start)) {
    throw new ValueError(
      `[findLearningRate] got start ${describe(start)} and end ${describe(end)}, wanted 0 < start < end.`,
    );
  }
  if (!Number.isFinite(end))
    throw new ValueError(`[findLearningRate] got end ${end}, wanted a finite number.`);
  checkWhole('findLearningRate', 'steps', steps, 2);
  if (!(typeof smoothing === 'number' && smoothing >= 0 && smoothing < 1)) {
    throw new ValueError(
      `[findLearningRate] got smoothing ${describe(smoothing)}, wanted a number with 0 <= smoothing < 1.`,
    );
  }
  if (typeof optimizer?.minimize !== 'function') {
    throw new ValueError(
      `[findLearningRate] got optimizer ${describe(optimizer)}, wanted one such as new Adam(model.parameters()).`,
    );
  }

  const curve = { learningRates: [] as number[], losses: [] as number[], smoothed: [] as number[] };
  let smoothed = 0;
  let weight = 1;
  const recorder: Callback = {
    onBatchEnd({ loss, learningRate }, run) {
      weight *= smoothing;
      // The running mean, divided by 1 - smoothing^t, in a form that keeps a constant.
      smoothed += (loss - smoothed) * ((1 - smoothing) / (1 - weight));
      curve.learningRates.push(learningRate);
      curve.losses.push(loss);
      curve.smoothed.push(smoothed);
      const least = curve.smoothed.reduce((a, b) => Math.min(a, b));
      if (curve.losses.length === steps) run.stop('all steps are done');
      // A loss may be negative.
      else if (smoothed - least > (DIVERGED - 1) * Math.abs(least)) run.stop('the loss diverges');
    },
    onNaN({ message }, run) {
      run.stop(message);
    },
  };
  const first = optimizer.step;
  const [from, to] = [log(start), log(end)];
  const restore = await remember(model, optimizer);
  optimizer.learningRate = (step) => exp(from + ((to - from) * (step - first)) / (steps - 1));
  try {
    await fit(model, data, {
      ...training,
      optimizer,
      epochs: steps,
      callbacks: [recorder],
      progress: false,
    });
  } catch (error) {
    reportAs('findLearningRate', () => {
      throw error;
    });
  } finally {
    await restore();
  }
  return { ...curve, suggestion: steepest(curve.learningRates, curve.smoothed) };
}

/** A function that gives a model, an optimizer and the default generator what they have now. */
async function remember(model: Model, optimizer: FitOptions['optimizer']): Promise<() => Promise<void>> {
  const parameters = [...new Set<Parameter>([...model.parameters(), ...optimizer.parameters])];
  const { learningRate } = optimizer;
  const generator = defaultGenerator().getState();
  const [values, state] = await Promise.all([copyOf(parameters), optimizer.getState()]);
  return async () => {
    await runAssignments({
      assignments: parameters.map((p, i) => [
        p,
        tensor(values[i]!, { shape: p.shape, dtype: p.dtype, copy: false }),
      ]),
    });
    await optimizer.setState(state);
    optimizer.learningRate = learningRate;
    defaultGenerator().setState(generator);
  };
}

/** The learning rate with the least central difference of the losses; null if none falls. */
function steepest(learningRates: readonly number[], losses: readonly number[]): number | null {
  let best: number | null = null;
  let least = 0;
  for (let i = SKIPPED_BEFORE; i < losses.length - SKIPPED_AFTER; i++) {
    const slope = losses[i + 1]! - losses[i - 1]!;
    if (slope >= least) continue;
    least = slope;
    best = learningRates[i]!;
  }
  return best;
}
