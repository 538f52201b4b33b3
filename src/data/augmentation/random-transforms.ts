import { cos, exp, sin } from '../../ir/math/index.ts';
import { philox4x32 } from '../../ir/philox.ts';
import type { Generator } from '../../tensor/random.ts';
import type { ElasticOptions, Settings } from './options.ts';
import type { ElasticChunk } from './transform.ts';

/** How an image is changed, without elastic distortion. */
export interface Affine {
  /** Degrees, clockwise. */
  readonly rotation: number;
  readonly scale: number;
  /** Degrees; positive values move the upper half to the right. */
  readonly shear: number;
  readonly flip: boolean;
  /** Pixels to the right and down. */
  readonly shiftX: number;
  readonly shiftY: number;
}

/**
 * The third words of the Philox counters. A generator's own draws use values below 2^21. The second word is the
 * image's number.
 */
const AFFINE = 0x61666669;
const ELASTIC = 0x656c6173;

const DEGREE = Math.PI / 180;

/** Random changes of images: functions of the image's number and of a generator, which does not advance. */
export class RandomTransforms {
  readonly #settings: Settings;
  readonly #height: number;
  readonly #width: number;
  readonly #key0: number;
  readonly #key1: number;
  readonly #stream: number;
  readonly #words = new Uint32Array(8);

  constructor(settings: Settings, height: number, width: number, generator: Generator) {
    const { seed, stream } = generator.getState();
    this.#settings = settings;
    this.#height = height;
    this.#width = width;
    this.#key0 = seed >>> 0;
    this.#key1 = Math.floor(seed / 4294967296);
    this.#stream = stream;
  }

  /** The parameters of an image, each uniform in its range. */
  affine(image: number): Affine {
    const words = this.#words;
    const { rotation, scale, shear, horizontalFlip, shift } = this.#settings;
    philox4x32(0, image, AFFINE, this.#stream, this.#key0, this.#key1, words, 0);
    philox4x32(1, image, AFFINE, this.#stream, this.#key0, this.#key1, words, 4);
    return {
      rotation: rotation * symmetric(words[0]!),
      scale: scale[0] + (scale[1] - scale[0]) * (words[1]! / 4294967296),
      shear: shear * symmetric(words[2]!),
      flip: horizontalFlip && words[3]! >= 0x80000000,
      shiftY: shift[0] * this.#height * symmetric(words[4]!),
      shiftX: shift[1] * this.#width * symmetric(words[5]!),
    };
  }

  /** The transforms of images, in the format of `Chunk`. */
  transforms(images: ArrayLike<number>): Float64Array {
    const out = new Float64Array(6 * images.length);
    for (let i = 0; i < images.length; i++) {
      writeTransform(this.affine(images[i]!), this.#height, this.#width, out, 6 * i);
    }
    return out;
  }

  /** The elastic distortion of images; `weights` are those of `gaussian`. */
  elastic({ alpha }: ElasticOptions, weights: Float64Array, images: ArrayLike<number>): ElasticChunk {
    return {
      alpha,
      weights,
      key: [this.#key0, this.#key1, ELASTIC, this.#stream],
      images: Uint32Array.from(images),
    };
  }
}

/** Uniform between -1 and 1 in steps of 2^-31, symmetric about 0. */
const symmetric = (word: number): number => (word + 0.5) / 2147483648 - 1;

/**
 * Writes the map from pixels of the result to positions in the image: the inverse of a flip, then shear, scale and
 * rotation about the center, then the shift. Order and direction of rotation are those of torchvision's RandomAffine.
 */
export function writeTransform(
  { rotation, scale, shear, flip, shiftX, shiftY }: Affine,
  height: number,
  width: number,
  out: Float64Array,
  at: number,
): void {
  const cosine = rotation === 0 ? 1 : cos(rotation * DEGREE);
  const sine = rotation === 0 ? 0 : sin(rotation * DEGREE);
  const tangent = shear === 0 ? 0 : sin(shear * DEGREE) / cos(shear * DEGREE);
  const mirror = flip ? -1 : 1;
  // The inverse of scale * [cosine, -sine; sine, cosine] * [1, -tangent; 0, 1] * [mirror, 0; 0, 1].
  const d = -sine / scale;
  const e = cosine / scale;
  const a = mirror * (cosine / scale + tangent * d);
  const b = mirror * (sine / scale + tangent * e);
  const centerX = (width - 1) / 2;
  const centerY = (height - 1) / 2;
  const x = centerX + shiftX;
  const y = centerY + shiftY;
  out[at] = a;
  out[at + 1] = b;
  out[at + 2] = centerX - a * x - b * y;
  out[at + 3] = d;
  out[at + 4] = e;
  out[at + 5] = centerY - d * x - e * y;
}

/**
 * A Gaussian's values at the integers within four standard deviations, normalized to the sum 1, with three zeros before
 * and after them. These are the weights of `scipy.ndimage.gaussian_filter`.
 */
export function gaussian(sigma: number): Float64Array {
  const radius = Math.floor(4 * sigma + 0.5);
  const weights = new Float64Array(2 * radius + 7);
  let sum = 0;
  for (let i = -radius; i <= radius; i++) {
    const weight = exp((-0.5 * i * i) / (sigma * sigma));
    weights[i + radius + 3] = weight;
    sum += weight;
  }
  return weights.map((weight) => weight / sum);
}
