import { cos, exp, sin } from '../../ir/math/index.ts';
import { philox4x32 } from '../../ir/philox.ts';
import type { Generator } from '../../tensor/random.ts';
import type { ElasticChunk } from './kernel.ts';
import type { ElasticOptions, Settings } from './options.ts';

/** What becomes of an image, elastic distortion aside. */
export interface Affine {
  /** Degrees, clockwise. */
  readonly rotation: number;
  readonly scale: number;
  /** Degrees: what lies above the middle goes to the right. */
  readonly shear: number;
  readonly flip: boolean;
  /** Pixels to the right and down. */
  readonly shiftX: number;
  readonly shiftY: number;
}

/**
 * The third words of the counters, beside those of a generator's draws, which stay below 2^21: the second
 * word is the image's number.
 */
const AFFINE = 0x61666669;
const ELASTIC = 0x656c6173;

const DEGREE = Math.PI / 180;

/** Random changes of images as a function of a generator (of which it draws nothing) and an image's number. */
export class Draws {
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

  /** Parameters of image number `image`, each uniform in its range. */
  affine(image: number): Affine {
    const words = this.#words;
    const { rotation, scale, shear, horizontalFlip, shift } = this.#settings;
    philox4x32(0, image, AFFINE, this.#stream, this.#key0, this.#key1, words, 0);
    philox4x32(1, image, AFFINE, this.#stream, this.#key0, this.#key1, words, 4);
    return {
      rotation: rotation * even(words[0]!),
      scale: scale[0] + (scale[1] - scale[0]) * (words[1]! / 4294967296),
      shear: shear * even(words[2]!),
      flip: horizontalFlip && words[3]! >= 0x80000000,
      shiftY: shift[0] * this.#height * even(words[4]!),
      shiftX: shift[1] * this.#width * even(words[5]!),
    };
  }

  /** The transforms of images, as `Chunk` has them. */
  transforms(images: ArrayLike<number>): Float64Array {
    const out = new Float64Array(6 * images.length);
    for (let i = 0; i < images.length; i++) {
      writeTransform(this.affine(images[i]!), this.#height, this.#width, out, 6 * i);
    }
    return out;
  }

  /** Elastic distortion of images; `weights` are those of `gaussian`. */
  elastic({ alpha }: ElasticOptions, weights: Float64Array, images: ArrayLike<number>): ElasticChunk {
    return {
      alpha,
      weights,
      key: [this.#key0, this.#key1, ELASTIC, this.#stream],
      images: Uint32Array.from(images),
    };
  }
}

/** Uniform between -1 and 1, with steps of 2^-31, and as likely below 0 as above. */
const even = (word: number): number => (word + 0.5) / 2147483648 - 1;

/**
 * Writes where the result's pixels are read: a flip, then shear, scale and rotation about the middle of the
 * image, then the shift, turned round. The order and the sense of rotation are those of torchvision's
 * RandomAffine.
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
  const middleX = (width - 1) / 2;
  const middleY = (height - 1) / 2;
  const x = middleX + shiftX;
  const y = middleY + shiftY;
  out[at] = a;
  out[at + 1] = b;
  out[at + 2] = middleX - a * x - b * y;
  out[at + 3] = d;
  out[at + 4] = e;
  out[at + 5] = middleY - d * x - e * y;
}

/**
 * A Gaussian's values at whole numbers to four standard deviations either way, with the sum 1 and three zeros
 * before and after them. `scipy.ndimage.gaussian_filter` has the same.
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
