import { argsort, type Tensor, tensor } from 'ndgrad';
import { scalePixels } from 'ndgrad/data';
import { type DigitSet, inOriginalOrder } from '../../digits/format.ts';
import { DigitLoader, type LoadDigitsOptions } from '../../digits/load.ts';
import type { Configuration } from '../configuration.ts';

/** Images [N, 784] and their classes [N]. */
export interface Samples {
  readonly x: Tensor;
  readonly y: Tensor;
}

export interface TestSamples extends Samples {
  /** The pixels as bytes. */
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

export interface TrainingData {
  readonly train: Samples;
  readonly test: TestSamples;
  /** The number of training shards, which is lower than that of the configuration if loading was ended. */
  readonly shards: number;
}

/** Keeps the digits, which the next training probably needs too. */
let loader: DigitLoader | null = null;

/**
 * Loads the digits of a configuration from a folder. Their order is that of the original files, so that a program in Node gets the
 * same bits.
 */
export async function loadData(
  { shards, pixels, order }: Configuration,
  base: string,
  options: Pick<LoadDigitsOptions, 'enough' | 'onProgress'>,
): Promise<TrainingData> {
  loader ??= new DigitLoader(base);
  const digits = await loader.load({ shards, ...options });
  const [train, test] = [inOriginalOrder(digits.train), inOriginalOrder(digits.test)];
  const isScaled = pixels === 'scaled';
  const samples = toSamples(train, isScaled);
  return {
    train: order === 'sorted' ? sorted(samples) : samples,
    test: { ...toSamples(test, isScaled), images: test.images, labels: test.labels },
    shards: digits.shards,
  };
}

function toSamples({ images, labels, count }: DigitSet, isScaled: boolean): Samples {
  const shape = [count, 784] as const;
  const x = isScaled
    ? tensor(scalePixels({ data: images, shape }).data, { shape, copy: false })
    : tensor(Float32Array.from(images), { shape, copy: false });
  return { x, y: tensor(labels) };
}

function sorted({ x, y }: Samples): Samples {
  const order = argsort(y);
  return { x: x.take(order), y: y.take(order) };
}
