import { ValueError } from '../ir/errors.ts';
import { checkWhole } from './check.ts';
import { gridOf, type Point, randomPoints, type Space } from './space.ts';

/** A round in which trials run with the same budget; the best of them go on to the next one. */
export interface Rung {
  /** How many trials run. */
  readonly trials: number;
  /** How long each trains; null leaves it to the parameter `epochs`, or to 1 where there is none. */
  readonly epochs: number | null;
}

/** Which points of a space are tried, and how long. */
export interface Strategy {
  /** Where the points come from: a journal of one kind is no use to the other. */
  readonly sampler: 'grid' | 'random';
  /** The points, in the order of the trials' numbers. */
  points(space: Space, seed: number): readonly Point[];
  /** The rounds for that many points, the first of which has all of them. */
  rungs(points: number): readonly Rung[];
}

/** Options of `gridSearch`. */
export interface GridSearchOptions {
  /** How long each trial is to train: its `epochs`; 1 by default. Not with a space that has `epochs`. */
  readonly epochs?: number;
}

/** Options of `randomSearch`. */
export interface RandomSearchOptions extends GridSearchOptions {
  /** How many points are tried. */
  readonly trials: number;
}

/** Options of `successiveHalving`. */
export interface SuccessiveHalvingOptions {
  /** How many points are tried in the first round. */
  readonly trials: number;
  /** The share that goes on is 1 / factor, rounded up, with factor times the epochs; 3 by default. */
  readonly factor?: number;
  /**
   * Epochs in the first round. By default `maxEpochs` divided by `factor` for each round that follows, rounded
   * down; with few epochs there are fewer rounds, and the last one may stay below `maxEpochs`.
   */
  readonly minEpochs?: number;
  /** The most epochs that a trial may get. */
  readonly maxEpochs: number;
}

/** Every combination of the values; stretches of real numbers need `steps`. */
export function gridSearch(options: GridSearchOptions = {}): Strategy {
  const epochs = budget('gridSearch', options);
  return { sampler: 'grid', points: gridOf, rungs: (trials) => [{ trials, epochs }] };
}

/**
 * Points drawn at random (Bergstra & Bengio 2012, "Random search for hyper-parameter optimization"): better
 * than a grid wherever some hyper-parameters matter much and others little.
 */
export function randomSearch(options: RandomSearchOptions): Strategy {
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
 * optimization"; Li et al. 2018, "Hyperband"): many random points with few epochs, then the best of them with
 * more, and so on. A round begins when the one before is over, so that the result depends neither on
 * the number of workers nor on who is faster. Rounds are those of scikit-learn's `HalvingRandomSearchCV`.
 *
 * Who goes on is trained anew, with the same seed and more epochs. That costs up to factor / (factor - 1)
 * times what going on from a checkpoint would, and it is what a learning rate that follows a schedule needs:
 * nine epochs are not three and then six more.
 */
export function successiveHalving(options: SuccessiveHalvingOptions): Strategy {
  const { trials: count, factor = 3, minEpochs, maxEpochs } = options;
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
      // As many rounds as it takes until less than `factor` are left, and as fit under maxEpochs.
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
