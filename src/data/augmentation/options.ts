import { ValueError } from '../../ir/errors.ts';

/** How images are changed, and how they are handed out. */
export interface AugmentOptions {
  /**
   * Moves an image by up to this share of its height and width, 0 to 1; `[vertical, horizontal]` sets them
   * apart. 0.1 moves a picture of 28 x 28 by up to 2.8 pixels up or down and left or right. 0 by default.
   */
  readonly shift?: number | readonly [vertical: number, horizontal: number];
  /** Turns by up to so many degrees either way, 0 to 180. 0 by default. */
  readonly rotation?: number;
  /** Zooms by a factor from 1 - scale to 1 + scale, or between two factors. 0 by default. */
  readonly scale?: number | readonly [least: number, most: number];
  /** Shears along the horizontal axis by up to so many degrees either way, 0 to below 90. 0 by default. */
  readonly shear?: number;
  /** Mirrors every second image, as the random numbers have it, left to right. false by default. */
  readonly horizontalFlip?: boolean;
  /** Elastic distortion; none by default. */
  readonly elastic?: ElasticOptions;
  /** The value outside of an image, in the units of its pixels; 0 by default. */
  readonly fill?: number;
  /** Samples at a time, 32 by default. */
  readonly batchSize?: number;
  /** Whether each epoch takes the samples in an order of its own; true by default. */
  readonly shuffle?: boolean;
  /**
   * Governs changes and order: the same seed gives the same pixels everywhere. By default drawn from the
   * default generator, so that `seed(n)` governs all. The same seed as `fit`'s gives `fit`'s own order.
   */
  readonly seed?: number;
  /** How many workers make batches; 0 makes them on the calling thread. 1 by default, 0 on one processor. */
  readonly workers?: number;
  /** How many batches are made ahead, at least; 2 by default. */
  readonly ahead?: number;
}

/**
 * Random displacements for every pixel along both axes, uniform between -alpha and alpha pixels, smoothed
 * by a Gaussian. For 28 x 28 digits an alpha of 34 and a sigma of 4 move pixels by about 1.4.
 */
export interface ElasticOptions {
  /** Strength in pixels, before smoothing. */
  readonly alpha: number;
  /** The Gaussian's standard deviation in pixels, above 0, at most 1000. */
  readonly sigma: number;
}

/** Options after checks, all present. */
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
  readonly seed: number | null;
  readonly workers: number | null;
  readonly ahead: number;
}

/** @throws ValueError where an option is unknown or out of its range. */
export function readOptions(options: AugmentOptions): Settings {
  const { shift = 0, scale = 0, elastic } = options;
  const pair = (value: number | readonly [number, number]): readonly [number, number] =>
    typeof value === 'number' ? [value, value] : value;
  const settings: Settings = {
    shift: pair(shift),
    rotation: options.rotation ?? 0,
    scale: typeof scale === 'number' ? [1 - scale, 1 + scale] : scale,
    shear: options.shear ?? 0,
    horizontalFlip: options.horizontalFlip ?? false,
    elastic: !elastic || elastic.alpha === 0 ? null : elastic,
    fill: options.fill ?? 0,
    batchSize: options.batchSize ?? 32,
    shuffle: options.shuffle ?? true,
    seed: options.seed ?? null,
    workers: options.workers ?? null,
    ahead: options.ahead ?? 2,
  };
  for (const name of Object.keys(options)) {
    if (name in settings) continue;
    throw new ValueError(
      `[augmentImages] got the unknown option '${name}', wanted one of ${Object.keys(settings).join(', ')}.`,
    );
  }
  const { rotation, shear, fill, batchSize, workers, ahead } = settings;
  const isShare = (value: number) => isWithin(value, 0, 1);
  const isFactor = (value: number) => isWithin(value, 0, Number.MAX_VALUE) && value > 0;
  check('shift', shift, 'a share from 0 to 1, or two', isPair(settings.shift, isShare));
  check('rotation', rotation, 'degrees from 0 to 180', isWithin(rotation, 0, 180));
  if (typeof scale === 'number') {
    check('scale', scale, 'a number from 0 to below 1', isShare(scale) && scale < 1);
  } else {
    const fits = isPair(scale, isFactor) && scale[0] <= scale[1];
    check('scale', scale, 'two factors above 0, the least first', fits);
  }
  check('shear', shear, 'degrees from 0 to below 90', isWithin(shear, 0, 90) && shear < 90);
  if (elastic) {
    const { alpha, sigma } = elastic;
    check('elastic.alpha', alpha, 'pixels, finite, from 0 up', isWithin(alpha, 0, Number.MAX_VALUE));
    check('elastic.sigma', sigma, 'pixels above 0, at most 1000', isWithin(sigma, 0, 1000) && sigma > 0);
  }
  check('fill', fill, 'a finite number', Number.isFinite(fill));
  check('batchSize', batchSize, 'a whole number from 1 up', isWhole(batchSize, 1));
  check('workers', workers, 'a whole number from 0 to 64', workers === null || isWhole(workers, 0, 64));
  check('ahead', ahead, 'a whole number from 1 up', isWhole(ahead, 1));
  for (const name of ['shuffle', 'horizontalFlip'] as const) {
    check(name, settings[name], 'true or false', typeof settings[name] === 'boolean');
  }
  return settings;
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
