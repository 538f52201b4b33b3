import { checkOptions, type Known } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';

/** How images are changed and how batches are made. */
export interface AugmentOptions {
  /**
   * The largest shift as a fraction of height and width, from 0 to 1, or `[vertical, horizontal]`. 0.1 moves an image of
   * 28 x 28 by up to 2.8 pixels up or down and left or right. 0 by default.
   */
  readonly shift?: number | readonly [vertical: number, horizontal: number];
  /** The largest rotation in degrees in either direction, 0 to 180. 0 by default. */
  readonly rotation?: number;
  /** Scales by a factor from 1 - scale to 1 + scale, or between two factors. 0 by default. */
  readonly scale?: number | readonly [least: number, most: number];
  /** The largest shear along the horizontal axis in degrees in either direction, 0 to below 90. 0 by default. */
  readonly shear?: number;
  /** Mirrors images left to right with probability 1/2. false by default. */
  readonly horizontalFlip?: boolean;
  /** Elastic distortion; none by default. */
  readonly elastic?: ElasticOptions;
  /** The value outside of an image, in the units of its pixels; 0 by default. */
  readonly fill?: number;
  /** Samples in a batch, 32 by default. */
  readonly batchSize?: number;
  /** Whether the samples are shuffled in each epoch; true by default. */
  readonly shuffle?: boolean;
  /** Whether a last batch with fewer than `batchSize` samples is left out in each epoch; false by default. */
  readonly dropLast?: boolean;
  /**
   * Determines changes and order: the same seed gives the same pixels on every machine. By default it is drawn from
   * the default generator, so that `seed(n)` determines it. The seed of `fit` gives the order of `fit`.
   */
  readonly seed?: number;
  /** The number of worker threads; 0 makes the batches on the calling thread. 1 by default, 0 on one processor. */
  readonly workers?: number;
  /** The smallest number of batches that are made ahead; 2 by default. */
  readonly ahead?: number;
}

/**
 * Random displacements of every pixel along both axes, uniform between -alpha and alpha pixels, smoothed by a Gaussian.
 * For 28 x 28 digits, an alpha of 34 and a sigma of 4 move pixels by about 1.4 pixels.
 */
export interface ElasticOptions {
  /** The largest displacement in pixels before smoothing. */
  readonly alpha: number;
  /** The Gaussian's standard deviation in pixels, above 0, at most 1000. */
  readonly sigma: number;
}

/** The options after checks, with defaults filled in. */
export interface Settings {
  readonly shift: readonly [vertical: number, horizontal: number];
  readonly rotation: number;
  readonly scale: readonly [least: number, most: number];
  readonly shear: number;
  readonly horizontalFlip: boolean;
  readonly elastic: ElasticOptions | null;
  readonly fill: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly dropLast: boolean;
  readonly seed: number | null;
  readonly workers: number | null;
  readonly ahead: number;
}

const augmentOptions: Known<AugmentOptions> = {
  shift: 0,
  rotation: 0,
  scale: 0,
  shear: 0,
  horizontalFlip: true,
  elastic: 0,
  fill: 0,
  batchSize: 0,
  shuffle: true,
  dropLast: true,
  seed: 0,
  workers: 0,
  ahead: 0,
};

/** @throws ValueError if an option is unknown or out of its range. */
export function readOptions(options: AugmentOptions): Settings {
  checkOptions('augmentImages', options, augmentOptions);
  const {
    shift = 0,
    rotation = 0,
    scale = 0,
    shear = 0,
    horizontalFlip = false,
    elastic,
    fill = 0,
  } = options;
  const { batchSize = 32, shuffle = true, dropLast = false, seed, workers, ahead = 2 } = options;
  const pair = (value: number | readonly [number, number]): readonly [number, number] =>
    typeof value === 'number' ? [value, value] : value;
  checkOptions('augmentImages', elastic, { alpha: 0, sigma: 0 }, 'elastic');
  const isFraction = (value: number) => isWithin(value, 0, 1);
  const isFactor = (value: number) => isWithin(value, 0, Number.MAX_VALUE) && value > 0;
  check('shift', shift, 'a fraction from 0 to 1, or two', isPair(pair(shift), isFraction));
  check('rotation', rotation, 'degrees from 0 to 180', isWithin(rotation, 0, 180));
  if (typeof scale === 'number') {
    check('scale', scale, 'a number from 0 to below 1', isFraction(scale) && scale < 1);
  } else {
    const fits = isPair(scale, isFactor) && scale[0] <= scale[1];
    check('scale', scale, 'two factors above 0, the smaller one first', fits);
  }
  check('shear', shear, 'degrees from 0 to below 90', isWithin(shear, 0, 90) && shear < 90);
  if (elastic) {
    const { alpha, sigma } = elastic;
    check(
      'elastic.alpha',
      alpha,
      'a finite number of pixels from 0 up',
      isWithin(alpha, 0, Number.MAX_VALUE),
    );
    check('elastic.sigma', sigma, 'pixels above 0, at most 1000', isWithin(sigma, 0, 1000) && sigma > 0);
  }
  check('fill', fill, 'a finite number', Number.isFinite(fill));
  check('batchSize', batchSize, 'a whole number from 1 up', isWhole(batchSize, 1));
  check('workers', workers, 'a whole number from 0 to 64', workers === undefined || isWhole(workers, 0, 64));
  check('ahead', ahead, 'a whole number from 1 up', isWhole(ahead, 1));
  check('seed', seed, 'a whole number from 0 up', seed === undefined || isWhole(seed, 0));
  return {
    ...{ shift: pair(shift), rotation, shear, horizontalFlip, fill, batchSize, shuffle, dropLast, ahead },
    scale: typeof scale === 'number' ? [1 - scale, 1 + scale] : scale,
    elastic: elastic === undefined || elastic.alpha === 0 ? null : elastic,
    seed: seed ?? null,
    workers: workers ?? null,
  };
}

const isWithin = (value: number, low: number, high: number): boolean =>
  Number.isFinite(value) && value >= low && value <= high;

const isWhole = (value: number, low: number, high = Number.MAX_SAFE_INTEGER): boolean =>
  Number.isInteger(value) && isWithin(value, low, high);

const isPair = (pair: readonly number[], fits: (value: number) => boolean): boolean =>
  Array.isArray(pair) && pair.length === 2 && pair.every(fits);

function check(name: string, value: unknown, wanted: string, fits: boolean): void {
  if (fits) return;
  const got = Array.isArray(value) ? `[${value.join(', ')}]` : String(value);
  throw new ValueError(`[augmentImages] got ${name} ${got}, wanted ${wanted}.`);
}
