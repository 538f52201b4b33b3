import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { type AugmentOptions, readOptions } from '../../src/data/augmentation/options.ts';
import { gaussian, RandomTransforms, writeTransform } from '../../src/data/augmentation/random-transforms.ts';
import { noise, resample, smooth } from '../../src/data/augmentation/transform.ts';
import { transformHere } from '../../src/data/augmentation/worker-pool.ts';
import { ValueError } from '../../src/ir/errors.ts';
import { fillBits } from '../../src/ir/philox.ts';
import { Generator } from '../../src/tensor/random.ts';
import { type AffineCase, load, values } from '../reference/load.ts';

const reference = load('augmentation');

/** The image of a case under given changes, resampled as a chunk of one. */
function changed({ image, parameters, fill }: AffineCase, shifts: Float64Array | null): Float32Array {
  const [height, width, channels] = image.shape as [number, number, number];
  const transforms = new Float64Array(6);
  writeTransform(parameters, height, width, transforms, 0);
  const pixels = values(image) as Float32Array;
  const padded = new Float64Array((height + 3) * (width + 3) * channels).fill(fill);
  resample(pixels, pixels, 0, height, width, channels, transforms, shifts, padded);
  return pixels;
}

/** Within a rounding or two of float32, or of double precision where a value is near 0. */
function expectNear(got: ArrayLike<number>, wanted: readonly number[], tolerance = 2 ** -23): void {
  expect(got.length).toBe(wanted.length);
  wanted.forEach((value, i) => {
    expect(Math.abs(got[i]! - value), `${i}: ${got[i]} for ${value}`).toBeLessThanOrEqual(
      tolerance * Math.max(Math.abs(value), 2 ** -20),
    );
  });
}

test.each(reference.affine)('affine changes as SciPy has them: $name', (entry) => {
  expectNear(changed(entry, null), entry.out.data);
  // The path with displacements, none of which moves anything.
  const size = entry.image.shape[0]! * entry.image.shape[1]!;
  expectNear(changed(entry, new Float64Array(2 * size)), entry.out.data);
});

test.each(reference.elastic)('elastic distortion as SciPy has it: $name', (entry) => {
  const { noise: drawn, sigma, alpha, image } = entry;
  const [height, width] = image.shape as [number, number];
  const shifts = Float64Array.from(values(drawn), (value) => alpha * value);
  const spare = new Float64Array(shifts.length);
  const weights = gaussian(sigma);
  smooth(shifts, spare, height, width, weights);
  smooth(spare, shifts, width, height, weights);
  expectNear(shifts, entry.shifts.data, 1e-9);
  expectNear(changed(entry, shifts), entry.out.data);
});

test('noise is the words of Philox, in halves', () => {
  const words = new Uint32Array(20);
  fillBits(words, 0, 20, 0x9e3779b9, 7, 0xfffffff0, 123, 0x89abcdef);
  const halves = new Uint16Array(words.buffer);
  const out = new Float64Array(40);
  noise(out, 33, 32768, 0xfffffff0, [0x9e3779b9, 7, 123, 0x89abcdef]);
  expect([...out]).toEqual([...halves].map((half) => half - 32767.5));
});

describe('drawn parameters', () => {
  const options = {
    shift: [0.25, 0.5],
    rotation: 30,
    scale: [0.5, 2],
    shear: 20,
    horizontalFlip: true,
  } as const satisfies AugmentOptions;
  const height = 20;
  const width = 10;
  const draws = new RandomTransforms(readOptions(options), height, width, new Generator(3));
  const count = 20_000;
  const columns = Array.from({ length: count }, (_, i) => Object.values(draws.affine(i)).map(Number));
  const names = Object.keys(draws.affine(0));
  const limits: Record<string, [low: number, high: number]> = {
    rotation: [-30, 30],
    scale: [0.5, 2],
    shear: [-20, 20],
    shiftX: [-5, 5],
    shiftY: [-5, 5],
  };
  const column = (name: string) => columns.map((row) => row[names.indexOf(name)]!);
  const mean = (xs: number[]) => xs.reduce((sum, x) => sum + x, 0) / xs.length;

  it.each(Object.entries(limits))('%s is uniform', (name, [low, high]) => {
    const xs = column(name);
    expect(Math.min(...xs)).toBeGreaterThanOrEqual(low);
    expect(Math.max(...xs)).toBeLessThanOrEqual(high);
    const range = high - low;
    const middle = (low + high) / 2;
    // Four standard deviations of the mean, and of the mean square of a uniform variable.
    expect(Math.abs(mean(xs) - middle)).toBeLessThan((4 * range) / Math.sqrt(12 * count));
    const spread = mean(xs.map((x) => (x - middle) ** 2));
    expect(Math.abs(spread - range ** 2 / 12)).toBeLessThan((4 * range ** 2) / Math.sqrt(180 * count));
  });

  it('mirrors every second image', () => {
    expect(Math.abs(mean(column('flip')) - 0.5)).toBeLessThan(2 / Math.sqrt(count));
  });

  it('are independent of each other', () => {
    const standard = names.map((name) => {
      const xs = column(name);
      const center = mean(xs);
      const deviation = Math.sqrt(mean(xs.map((x) => (x - center) ** 2)));
      return xs.map((x) => (x - center) / deviation);
    });
    standard.forEach((xs, i) => {
      for (const ys of standard.slice(0, i)) {
        expect(Math.abs(mean(xs.map((x, k) => x * ys[k]!)))).toBeLessThan(4.5 / Math.sqrt(count));
      }
    });
  });

  it('depend on seed, epoch and image only', () => {
    const at = (seed: number, epoch: number, image: number) =>
      new RandomTransforms(readOptions(options), height, width, new Generator(seed).fork(epoch)).affine(
        image,
      );
    expect(at(1, 2, 3)).toEqual(at(1, 2, 3));
    const all = [at(1, 2, 3), at(2, 2, 3), at(1, 3, 3), at(1, 2, 4)].map(({ rotation }) => rotation);
    expect(new Set(all).size).toBe(4);
  });
});

test('a Gaussian has the sum 1 and reaches to four standard deviations', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.01, max: 50, noNaN: true }), (sigma) => {
      const weights = gaussian(sigma);
      expect(weights.length).toBe(2 * Math.floor(4 * sigma + 0.5) + 7);
      expect(weights.reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 12);
      expect([...weights].reverse()).toEqual([...weights]);
      expect([...weights.subarray(0, 3)]).toEqual([0, 0, 0]);
    }),
  );
});

const anyOptions: fc.Arbitrary<AugmentOptions> = fc.record(
  {
    shift: fc.double({ min: 0, max: 1, noNaN: true }),
    rotation: fc.double({ min: 0, max: 180, noNaN: true }),
    scale: fc.double({ min: 0, max: 0.999, noNaN: true }),
    shear: fc.double({ min: 0, max: 89.999, noNaN: true }),
    horizontalFlip: fc.boolean(),
    elastic: fc.record({
      alpha: fc.double({ min: 0, max: 1000, noNaN: true }),
      sigma: fc.double({ min: 0.001, max: 20, noNaN: true }),
    }),
    fill: fc.double({ min: 0, max: 1, noNaN: true }),
  },
  { requiredKeys: [] },
);

test('pixels lie between the least and the most of image and fill, whatever the changes', () => {
  const size = fc.integer({ min: 1, max: 9 });
  fc.assert(
    fc.property(
      anyOptions,
      size,
      size,
      fc.integer({ min: 1, max: 3 }),
      fc.nat(),
      (options, height, width, channels, seed) => {
        const settings = readOptions(options);
        const draws = new RandomTransforms(settings, height, width, new Generator(seed));
        const images = [0, 1, 2];
        const length = images.length * height * width * channels;
        const pixels = Float32Array.from({ length }, (_, i) => 0.25 + ((i * 37) % 64) / 128);
        const { elastic, fill } = settings;
        const out = transformHere({
          pixels,
          height,
          width,
          channels,
          fill,
          transforms: draws.transforms(images),
          elastic: elastic && draws.elastic(elastic, gaussian(elastic.sigma), images),
        });
        const least = Math.fround(Math.min(0.25, fill));
        const most = Math.fround(Math.max(0.75, fill));
        for (const value of out) {
          expect(value).toBeGreaterThanOrEqual(least);
          expect(value).toBeLessThanOrEqual(most);
        }
      },
    ),
  );
});

test('elastic displacements are smooth, even and as large as told', () => {
  const [height, width, alpha, sigma] = [28, 28, 34, 4];
  const size = height * width;
  const weights = gaussian(sigma);
  const middle = 14 * width + 14;
  let sum = 0;
  let square = 0;
  const count = 3000;
  for (let image = 0; image < count; image++) {
    const shifts = new Float64Array(2 * size + 8);
    const spare = new Float64Array(2 * size + 8);
    noise(shifts, 2 * size, alpha, image, [1, 2, 3, 4]);
    smooth(shifts, spare, height, width, weights);
    smooth(spare, shifts, width, height, weights);
    sum += shifts[middle]!;
    square += shifts[middle]! ** 2;
    if (image > 0) continue;
    for (let i = 1; i < width; i++) {
      expect(Math.abs(shifts[middle - 14 + i]! - shifts[middle - 15 + i]!)).toBeLessThan(1);
    }
  }
  // Noise of variance alpha^2 / 3, times the sum of squares of the weights along both axes.
  const squares = weights.reduce((total, w) => total + w * w, 0);
  const variance = (alpha ** 2 / 3) * squares ** 2;
  expect(Math.sqrt(variance)).toBeCloseTo(1.38, 1);
  expect(Math.abs(sum / count)).toBeLessThan(4 * Math.sqrt(variance / count));
  expect(Math.abs(square / count / variance - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
});

describe('options', () => {
  it.each<[AugmentOptions, string]>([
    [{ shift: -0.1 }, 'got shift -0.1, wanted a fraction from 0 to 1, or two.'],
    [{ shift: [0, 1.5] }, 'got shift [0, 1.5], wanted a fraction from 0 to 1, or two.'],
    [{ rotation: Number.NaN }, 'got rotation NaN, wanted degrees from 0 to 180.'],
    [{ rotation: 181 }, 'got rotation 181, wanted degrees from 0 to 180.'],
    [{ scale: 1 }, 'got scale 1, wanted a number from 0 to below 1.'],
    [{ scale: [1.2, 0.8] }, 'got scale [1.2, 0.8], wanted two factors above 0, the smaller one first.'],
    [{ scale: [0, 1] }, 'got scale [0, 1], wanted two factors above 0, the smaller one first.'],
    [{ shear: 90 }, 'got shear 90, wanted degrees from 0 to below 90.'],
    [
      { elastic: { alpha: -1, sigma: 1 } },
      'got elastic.alpha -1, wanted a finite number of pixels from 0 up.',
    ],
    [{ elastic: { alpha: 1, sigma: 0 } }, 'got elastic.sigma 0, wanted pixels above 0, at most 1000.'],
    [{ fill: Number.POSITIVE_INFINITY }, 'got fill Infinity, wanted a finite number.'],
    [{ batchSize: 0 }, 'got batchSize 0, wanted a whole number from 1 up.'],
    [{ workers: 1.5 }, 'got workers 1.5, wanted a whole number from 0 to 64.'],
    [{ ahead: 0 }, 'got ahead 0, wanted a whole number from 1 up.'],
    [JSON.parse('{ "shuffle": 1 }'), 'got shuffle 1, wanted true or false.'],
    [JSON.parse('{ "zoom": 1 }'), "got the unknown option 'zoom', wanted one of shift, rotation,"],
    [JSON.parse('{ "shift": [0.1] }'), 'got shift [0.1], wanted a fraction from 0 to 1, or two.'],
    [JSON.parse('{ "rotation": "15" }'), 'got rotation 15, wanted degrees from 0 to 180.'],
  ])('%o', (options, message) => {
    expect(() => readOptions(options)).toThrow(ValueError);
    expect(() => readOptions(options)).toThrow(`[augmentImages] ${message}`);
  });
});
