import { checkCount } from '../../ir/arguments.ts';
import { DTypeError, ShapeError, ValueError } from '../../ir/errors.ts';
import { fromArray } from '../../tensor/creation.ts';
import { defaultGenerator, Generator } from '../../tensor/random.ts';
import { show } from '../../tensor/shape.ts';
import { namesOf, type Tensors } from '../../tensor/structure.ts';
import { Tensor } from '../../tensor/tensor.ts';
import {
  type BatchFunction,
  checkWeights,
  countBatches,
  type Origin,
  type Samples,
  type SampleTensors,
  sampleTensors,
} from '../dataset.ts';
import { RowBuffer } from '../row-buffer.ts';
import { type AugmentOptions, readOptions, type Settings } from './options.ts';
import { gaussian, RandomTransforms } from './random-transforms.ts';
import type { Chunk } from './transform.ts';
import { currentHost, type Timeouts, type WorkerHost, WorkerPool } from './worker-pool.ts';

/** Batches of augmented images for `fit`. Each epoch has its own random changes; the same epoch always has the same. */
export interface AugmentedImages extends BatchFunction {
  (epoch: number, from?: number): AsyncIterableIterator<ImageBatch>;
  readonly seekable: true;
  /** The number of batches in an epoch. */
  readonly batches: number;
  /** The number of samples in an epoch's last batch. */
  readonly lastBatchSize: number;
  /**
   * Why workers could not start, so that the calling thread makes the batches; null if no worker has failed to start.
   */
  readonly workerError: string | null;
}

/** A batch of augmented images, with their targets and weights. */
export interface ImageBatch {
  /** float32, with the rank and the units of the given images. */
  readonly x: Tensor;
  readonly y: Tensor;
  readonly sampleWeights?: Tensor;
}

/** Workers get several batches at a time, up to this number of values. */
const CHUNK_VALUES = 262144;

/**
 * Batches of randomly shifted, rotated, scaled, sheared and distorted images for `fit`, with new random changes in each
 * epoch. Each change is drawn uniformly from its range. All changes of an image are one bilinear interpolation about
 * its center. A worker thread makes the batches ahead of training.
 *
 * The pixels of image i of an epoch are a function of seed, epoch and i: they have the same bits for any batch size,
 * number of workers and JavaScript engine. If workers cannot start, the calling thread makes the batches. A worker
 * ends one second after the last batch, or when the iteration is left early. Workers never keep a process alive.
 *
 *     const train = augmentImages({ x, y }, { shift: 0.1, rotation: 10, scale: 0.1, batchSize: 128 });
 *     await fit(model, train, { loss, optimizer, epochs: 20 });
 *
 * @param samples `x` is float32 or uint8, `[N, height, width]` or `[N, height, width, channels]`; batches have
 *   float32 values in the same units. `y` and `sampleWeights` stay with their images. Values are read when the first
 *   epoch begins.
 * @throws DTypeError, ShapeError, ValueError if samples or options do not fit.
 *
 * Sources: torchvision's RandomAffine and Keras's RandomRotation, RandomZoom and RandomTranslation; P. Y. Simard,
 * D. Steinkraus and J. C. Platt, "Best practices for convolutional neural networks applied to visual document
 * analysis", ICDAR 2003, for elastic distortion.
 */
export function augmentImages(samples: Samples, options: AugmentOptions = {}): AugmentedImages {
  checkCount('augmentImages', arguments.length, 2);
  return openAugmentation(samples, options, currentHost());
}

/** `augmentImages` with workers of the given host, which tests replace. */
export function openAugmentation(
  samples: Samples,
  options: AugmentOptions,
  host: WorkerHost,
  timeouts?: Timeouts,
): AugmentedImages {
  const settings = readOptions(options);
  const tensors = sampleTensors('augmentImages', samples);
  oneTensor('y', tensors.y);
  const { shape } = checkImages(oneTensor('x', tensors.x));
  const generator = settings.seed === null ? forkDefault() : new Generator(settings.seed);
  const pool = new WorkerPool(host, settings.workers, timeouts);
  let data: Promise<Buffers> | undefined;
  const read = () => {
    data ??= readBuffers(tensors);
    return data;
  };
  const source = (epoch: number, from = 0): AsyncIterableIterator<ImageBatch> => {
    const random = generator.fork(epoch);
    return epochBatches(read, shape, settings, random, pool, from);
  };
  const origin = async (): Promise<Origin> => {
    const { x, y, weights } = await read();
    const { ahead: _, workers: __, ...changes } = settings;
    const rows = [['', x], ['', y], ...(weights ? [['', weights] as const] : [])] as const;
    return { rows, settings: { ...changes, ...generator.getState() } };
  };
  const { batchSize, dropLast } = settings;
  const { batches, lastBatchSize } = countBatches('augmentImages', shape[0]!, batchSize, dropLast);
  return Object.defineProperties(source, {
    seekable: { value: true, enumerable: true },
    origin: { value: origin },
    batches: { value: batches, enumerable: true },
    lastBatchSize: { value: lastBatchSize, enumerable: true },
    workerError: { get: () => pool.error, enumerable: true },
  }) as AugmentedImages;
}

/** The values of the samples on the host. */
interface Buffers {
  readonly x: RowBuffer;
  readonly y: RowBuffer;
  readonly weights: RowBuffer | null;
}

/** @throws ValueError for several inputs or outputs. */
function oneTensor(what: string, given: Tensors): Tensor {
  if (given instanceof Tensor) return given;
  throw new ValueError(`[augmentImages] got ${what} with ${namesOf(given)}, wanted one array.`);
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
    throw new ValueError(`[augmentImages] x contains no pixels: it has shape ${show(shape)}.`);
  if (dtype !== 'float32' && dtype !== 'uint8') {
    throw new DTypeError(`[augmentImages] x is ${dtype}, wanted float32 or uint8. Cast it.`);
  }
  return images;
}

async function readBuffers({ x, y, sampleWeights }: SampleTensors): Promise<Buffers> {
  const weights = sampleWeights && oneTensor('sampleWeights', sampleWeights);
  if (weights !== null) await checkWeights('augmentImages', weights);
  return {
    x: await RowBuffer.of(oneTensor('x', x)),
    y: await RowBuffer.of(oneTensor('y', y)),
    weights: weights && (await RowBuffer.of(weights)),
  };
}

/** A new generator for each call. It advances the default generator by one draw. */
function forkDefault(): Generator {
  const generator = defaultGenerator();
  const state = generator.getState();
  generator.setState({ ...state, counter: state.counter + 1 });
  return generator.fork(0x61756770).fork(state.counter);
}

/** The batches of one epoch from number `first` on. */
async function* epochBatches(
  read: () => Promise<Buffers>,
  shape: readonly number[],
  settings: Settings,
  random: Generator,
  pool: WorkerPool,
  first: number,
): AsyncIterableIterator<ImageBatch> {
  const { x, y, weights } = await read();
  const { batchSize, shuffle, dropLast, elastic, fill, ahead } = settings;
  const [size, height, width, channels = 1] = shape as [number, number, number, number?];
  const changes = new RandomTransforms(settings, height, width, random);
  const smoothing = elastic === null ? null : gaussian(elastic.sigma);
  const all = shuffle ? random.permutation(size) : Int32Array.from({ length: size }, (_, i) => i);
  const count = dropLast ? size - (size % batchSize) : size;
  const order = all.subarray(0, count);
  const imageSize = height * width * channels;

  const perChunk = pool.size === 0 ? 1 : Math.max(1, Math.floor(CHUNK_VALUES / (batchSize * imageSize)));
  const depth = pool.size === 0 ? 1 : Math.max(pool.size, Math.ceil(ahead / perChunk));
  const step = perChunk * batchSize;
  const makeChunk = (from: number): Chunk => {
    const indices = order.subarray(from, from + step);
    return {
      pixels: x.gather(indices).array as Chunk['pixels'],
      height,
      width,
      channels,
      fill,
      transforms: changes.transforms(indices),
      elastic: elastic && changes.elastic(elastic, smoothing!, indices),
    };
  };

  const workers = pool.open();
  let finished = false;
  try {
    const pending: (() => Promise<Float32Array>)[] = [];
    let next = first * batchSize;
    const begin = () => {
      for (; pending.length < depth && next < count; next += step) {
        const from = next;
        pending.push(workers.begin(() => makeChunk(from)));
      }
    };
    begin();
    for (let from = first * batchSize; from < count; from += step) {
      const pixels = await pending.shift()!();
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
    pool.close(workers, finished);
  }
}
