import { DTypeError, ShapeError, ValueError } from '../../ir/errors.ts';
import { fromArray } from '../../tensor/creation.ts';
import { defaultGenerator, Generator } from '../../tensor/random.ts';
import { show } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  type BatchFunction,
  checkWeights,
  type Samples,
  type SampleTensors,
  sampleTensors,
} from '../dataset.ts';
import { Rows } from '../rows.ts';
import { Draws, gaussian } from './draw.ts';
import type { Chunk } from './kernel.ts';
import { type AugmentOptions, readOptions, type Settings } from './options.ts';
import { currentHost, type Patience, type WorkerHost, WorkerPool } from './worker-pool.ts';

/** Batches of changed images, for `fit`; other images in each epoch, the same ones whenever it comes again. */
export interface AugmentedImages extends BatchFunction {
  (epoch: number): AsyncIterableIterator<ImageBatch>;
  /** Batches in an epoch. */
  readonly batches: number;
  /**
   * Why the calling thread makes the batches, where workers can't be had; null where nothing is known against
   * them.
   */
  readonly obstacle: string | null;
}

/** A batch of changed images, with what was given for them. */
export interface ImageBatch {
  /** float32, of the rank and in the units of the images given. */
  readonly x: Tensor;
  readonly y: Tensor;
  readonly sampleWeights?: Tensor;
}

/** Numbers that workers get at a time, at least: batches are joined until they hold as many. */
const CHUNK = 262144;

/**
 * Images that are shifted, turned, zoomed, sheared and distorted at random, in each epoch anew: a source of
 * batches for `fit`. Each change is drawn evenly from its range, all of them are joined in one bilinear
 * interpolation about the middle of the image, and a worker makes the batches ahead of training.
 *
 * Image i of an epoch has the same pixels, bit for bit, with any batch size, number of workers and engine:
 * they are a function of seed, epoch and i. Where workers can't be had the calling thread makes them. A
 * worker ends a second after the last batch, at once when the iteration is left, and never keeps a process alive.
 *
 *     const train = augmentImages({ x, y }, { shift: 0.1, rotation: 10, scale: 0.1, batchSize: 128 });
 *     await fit(model, train, { loss, optimizer, epochs: 20 });
 *
 * @param samples `x` is float32 or uint8, `[N, height, width]` or `[N, height, width, channels]`; it comes as
 *   float32 in the same units. `y` and `sampleWeights` go with their images. Values are read when the first
 *   epoch begins.
 * @throws DTypeError, ShapeError, ValueError where samples or options do not fit.
 *
 * Sources: torchvision's RandomAffine and Keras's RandomRotation, RandomZoom and RandomTranslation; P. Y.
 * Simard, D. Steinkraus and J. C. Platt, "Best practices for convolutional neural networks applied to visual
 * document analysis", ICDAR 2003, for elastic distortion.
 */
export function augmentImages(samples: Samples, options: AugmentOptions = {}): AugmentedImages {
  return openAugmentation(samples, options, currentHost());
}

/** `augmentImages` on a host that tests may put in place. */
export function openAugmentation(
  samples: Samples,
  options: AugmentOptions,
  host: WorkerHost,
  patience: Partial<Patience> = {},
): AugmentedImages {
  const settings = readOptions(options);
  const tensors = sampleTensors('augmentImages', samples);
  const { shape } = checkImages(tensors.x);
  const generator = settings.seed === null ? forkDefault() : new Generator(settings.seed);
  const crew = new WorkerPool(host, settings.workers, patience);
  let rows: Promise<Columns> | undefined;
  const source = (epoch: number): AsyncIterableIterator<ImageBatch> => {
    const random = generator.fork(epoch);
    const read = () => {
      rows ??= readColumns(tensors);
      return rows;
    };
    return pass(read, shape, settings, random, crew);
  };
  return Object.defineProperties(source, {
    batches: { value: Math.ceil(shape[0]! / settings.batchSize), enumerable: true },
    obstacle: { get: () => crew.obstacle, enumerable: true },
  }) as AugmentedImages;
}

interface Columns {
  readonly x: Rows;
  readonly y: Rows;
  readonly weights: Rows | null;
}

function checkImages(images: Tensor): Tensor {
  const { shape, dtype } = images;
  if (shape.length !== 3 && shape.length !== 4) {
    throw new ShapeError(
      `[augmentImages] x has shape ${show(shape)}, wanted images, [N, height, width] or [N, height, width, channels]. ` +
        'Reshape it.',
    );
  }
  if (shape.includes(0))
    throw new ValueError(`[augmentImages] x holds no pixels: it has shape ${show(shape)}.`);
  if (dtype !== 'float32' && dtype !== 'uint8') {
    throw new DTypeError(`[augmentImages] x is ${dtype}, wanted float32 or uint8. Cast it.`);
  }
  return images;
}

async function readColumns({ x, y, sampleWeights }: SampleTensors): Promise<Columns> {
  if (sampleWeights !== null) await checkWeights('augmentImages', sampleWeights);
  return {
    x: await Rows.of(x),
    y: await Rows.of(y),
    weights: sampleWeights === null ? null : await Rows.of(sampleWeights),
  };
}

/** A generator that differs from call to call, as draws of the default generator do. */
function forkDefault(): Generator {
  const generator = defaultGenerator();
  const state = generator.getState();
  generator.setState({ ...state, counter: state.counter + 1 });
  return generator.fork(0x61756770).fork(state.counter);
}

/** One epoch. */
async function* pass(
  read: () => Promise<Columns>,
  shape: readonly number[],
  settings: Settings,
  random: Generator,
  crew: WorkerPool,
): AsyncIterableIterator<ImageBatch> {
  const { x, y, weights } = await read();
  const { batchSize, shuffle, elastic, fill, ahead } = settings;
  const [count, height, width, channels = 1] = shape as [number, number, number, number?];
  const draws = new Draws(settings, height, width, random);
  const smoothing = elastic === null ? null : gaussian(elastic.sigma);
  const order = shuffle ? random.permutation(count) : Int32Array.from({ length: count }, (_, i) => i);
  const imageSize = height * width * channels;

  const perChunk = crew.size === 0 ? 1 : Math.max(1, Math.floor(CHUNK / (batchSize * imageSize)));
  const depth = crew.size === 0 ? 1 : Math.max(crew.size, Math.ceil(ahead / perChunk));
  const step = perChunk * batchSize;
  const makeChunk = (from: number): Chunk => {
    const indices = order.subarray(from, from + step);
    return {
      pixels: x.gather(indices).array as Chunk['pixels'],
      height,
      width,
      channels,
      fill,
      transforms: draws.transforms(indices),
      elastic: elastic && draws.elastic(elastic, smoothing!, indices),
    };
  };

  const team = crew.open();
  let finished = false;
  try {
    const begun: (() => Promise<Float32Array>)[] = [];
    let next = 0;
    const begin = () => {
      for (; begun.length < depth && next < count; next += step) {
        const from = next;
        begun.push(team.begin(() => makeChunk(from)));
      }
    };
    begin();
    for (let from = 0; from < count; from += step) {
      const pixels = await begun.shift()!();
      begin();
      const indices = order.subarray(from, from + step);
      const chunkY = y.gather(indices);
      const chunkWeights = weights?.gather(indices);
      for (let at = 0; at < indices.length; at += batchSize) {
        const end = Math.min(at + batchSize, indices.length);
        const part = pixels.subarray(at * imageSize, end * imageSize);
        yield {
          x: fromArray(part, [end - at, ...shape.slice(1)], 'float32'),
          y: chunkY.part(at, end).toTensor(),
          ...(chunkWeights && { sampleWeights: chunkWeights.part(at, end).toTensor() }),
        };
      }
    }
    finished = true;
  } finally {
    crew.close(team, finished);
  }
}
