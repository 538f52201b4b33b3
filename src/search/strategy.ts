import { checkCount, checkOptions, checkWhole, type Known, readOptions } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';

import { gridOf, type Point, randomPoints, type Space } from './space.ts';

/** A round of trials with the same budget. The best of them run again in the next round. */
export interface Rung {
  /** The number of trials. */
  readonly trials: number;
  /** The epochs of each trial; null for the parameter `epochs`, or 1 without one. */
  readonly epochs: number | null;
}

/** Which points of a space are tried, and for how many epochs. */
export interface Strategy {
  /** How points are chosen. A journal can be used by strategies with the same sampler only. */
  readonly sampler: 'grid' | 'random';
  /** The points; trial i uses point i. */
  points(space: Space, seed: number): readonly Point[];
  /** The rounds for this number of points. The first round has all of them. */
  rungs(points: number): readonly Rung[];
}

/** Options of `gridSearch`. */
export interface GridSearchOptions {
  /** The epochs of each trial; 1 by default. Not with a space that has `epochs`. */
  readonly epochs?: number;
}

/** Options of `randomSearch`. */
export interface RandomSearchOptions extends GridSearchOptions {
  /** The number of points. */
  readonly trials: number;
}

/** Options of `successiveHalving`. */
export interface SuccessiveHalvingOptions {
  /** The number of points in the first round. */
  readonly trials: number;
  /** Each round keeps 1 / factor of the trials, rounded up, and trains them factor times as long; 3 by default. */
  readonly factor?: number;
  /**
   * Epochs in the first round. By default `maxEpochs` is divided by `factor` for each further round and rounded down.
   * With few epochs there are fewer rounds, and the last one may have fewer than `maxEpochs`.
   */
  readonly minEpochs?: number;
  /** The largest number of epochs of a trial. */
  readonly maxEpochs: number;
}

/** All combinations of the values. Continuous ranges need `steps`. */
export function gridSearch(options: GridSearchOptions = {}): Strategy {
  checkCount('gridSearch', arguments.length, 1);
  checkOptions('gridSearch', options, { epochs: 0 } satisfies Known<GridSearchOptions>);
  const epochs = budget('gridSearch', options);
  return { sampler: 'grid', points: gridOf, rungs: (trials) => [{ trials, epochs }] };
}

/**
 * Random points (Bergstra & Bengio 2012, "Random search for hyper-parameter optimization"). They find better values than
 * a grid if some hyper-parameters matter more than others.
 */
export function randomSearch(options: RandomSearchOptions): Strategy {
  checkCount('randomSearch', arguments.length, 1);
  checkOptions('randomSearch', options ?? null, {
    trials: 0,
    epochs: 0,
  } satisfies Known<RandomSearchOptions>);
  const { trials: count } = options;
  checkWhole('randomSearch', 'trials', count, 1);
  const epochs = budget('randomSearch', options);
  return {
    sampler: 'random',
    points: (space, seed) => randomPoints(space, seed, count),
    rungs: (trials) => [{ trials, epochs }],
  };
}

/**
 * Successive halving (Jamieson & Talwalkar 2016, "Non-stochastic best arm identification and hyperparameter
 * optimization"; Li et al. 2018, "Hyperband"): many random points with few epochs, then the best of them with more
 * epochs, and so on. A round begins when the previous one has finished, so the result does not depend on the number of
 * workers or on timing. The rounds are those of scikit-learn's `HalvingRandomSearchCV`.
 *
 * Each round trains from the start, with the same seed and more epochs. This takes up to factor / (factor - 1) times as
 * long as continuing from a checkpoint, and is correct for learning-rate schedules that depend on the number of epochs.
 */
export function successiveHalving(options: SuccessiveHalvingOptions): Strategy {
  checkCount('successiveHalving', arguments.length, 1);
  const {
    trials: count,
    factor,
    minEpochs,
    maxEpochs,
  } = readOptions('successiveHalving', options, {
    ...{ trials: undefined, factor: 3, minEpochs: undefined, maxEpochs: undefined },
  });
  checkWhole('successiveHalving', 'trials', count, 1);
  checkWhole('successiveHalving', 'factor', factor, 2);
  checkWhole('successiveHalving', 'maxEpochs', maxEpochs, 1);
  if (minEpochs !== undefined) checkWhole('successiveHalving', 'minEpochs', minEpochs, 1);
  if (minEpochs !== undefined && minEpochs > maxEpochs) {
    throw new ValueError(
      `[successiveHalving] got minEpochs ${minEpochs} and maxEpochs ${maxEpochs}, wanted minEpochs <= maxEpochs.`,
    );
  }
  return {
    sampler: 'random',
    points: (space, seed) => randomPoints(space, seed, count),
    rungs(points) {
      // Rounds until fewer than `factor` trials are left, as far as maxEpochs allows.
      const wanted = powerBelow(points, factor);
      const first = minEpochs ?? Math.max(1, Math.floor(maxEpochs / power(factor, wanted)));
      const last = Math.min(wanted, powerBelow(Math.floor(maxEpochs / first), factor));
      const rungs: Rung[] = [];
      for (let i = 0, trials = points; i <= last; i++) {
        rungs.push({ trials, epochs: first * power(factor, i) });
        trials = Math.ceil(trials / factor);
      }
      return rungs;
    },
  };
}

function budget(operation: string, { epochs }: GridSearchOptions): number | null {
  if (epochs === undefined) return null;
  checkWhole(operation, 'epochs', epochs, 1);
  return epochs;
}

/** The largest k with factor^k <= n. */
function powerBelow(n: number, factor: number): number {
  let k = 0;
  for (let p = factor; p <= n; p *= factor) k++;
  return k;
}

function power(factor: number, k: number): number {
  let p = 1;
  for (let i = 0; i < k; i++) p *= factor;
  return p;
}
