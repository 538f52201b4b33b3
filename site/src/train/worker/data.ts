import { argsort, type Tensor, tensor } from 'ndgrad';
import { scalePixels } from 'ndgrad/data';
import { type DigitSet, inOriginalOrder } from '../../digits/format.ts';
import { type Digits, loadDigits, type Progress } from '../../digits/load.ts';
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

/** The digits of the latest training, which the next one probably needs too. */
let latest: { readonly shards: number; readonly digits: Digits } | null = null;

/** Loads the digits of a configuration. Their order is that of the original files, so that a program in Node gets the same bits. */
export async function loadData(
  { shards, pixels, order }: Configuration,
  base: string,
  onProgress: (progress: Progress) => void,
): Promise<{ train: Samples; test: TestSamples }> {
  if (latest?.shards !== shards) {
    latest = null; // its memory is needed
    const { train, test } = await loadDigits({ shards, base, onProgress });
    latest = { shards, digits: { train: inOriginalOrder(train), test: inOriginalOrder(test) } };
  }
  const { train, test } = latest.digits;
  const isScaled = pixels === 'scaled';
  const samples = toSamples(train, isScaled);
  return {
    train: order === 'sorted' ? sorted(samples) : samples,
    test: { ...toSamples(test, isScaled), images: test.images, labels: test.labels },
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
