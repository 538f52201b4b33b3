import { createHash } from 'node:crypto';
import { type Tensor, tensor } from 'ndgrad';
import { type MnistSplit, scalePixels } from 'ndgrad/data';
import { loadMnist } from 'ndgrad/node';

/** Images in the form that networks take, and their classes. */
export interface Images {
  /** float32 [count, 784] from 0 to 1. */
  readonly x: Tensor;
  /** uint8 [count]. */
  readonly y: Tensor;
}

/** The data set. */
export interface Data {
  readonly name: 'MNIST' | 'Fashion-MNIST';
  readonly classes: readonly string[];
  readonly source: string;
  /** SHA-256 of all images and labels. */
  readonly hash: string;
  readonly train: Images & { readonly count: number };
  readonly test: Images & { readonly pixels: Uint8Array; readonly labels: Uint8Array };
}

/** Reads the data set from a directory, by default from where `loadMnist` finds it. */
export async function loadData(dataset: 'mnist' | 'fashion', dir: string | undefined): Promise<Data> {
  const { train, test, classes, source } = await loadMnist({ dataset, dir });
  const hash = createHash('sha256');
  for (const { images, labels } of [train, test]) hash.update(images.data).update(labels.data);
  return {
    name: dataset === 'mnist' ? 'MNIST' : 'Fashion-MNIST',
    classes,
    source,
    hash: hash.digest('hex'),
    train: { ...toTensors(train), count: train.labels.data.length },
    test: { ...toTensors(test), pixels: test.images.data, labels: test.labels.data },
  };
}

function toTensors({ images, labels }: MnistSplit): Images {
  const { data, shape } = scalePixels(images);
  return { x: tensor(data, { shape, copy: false }), y: tensor(labels.data) };
}

/** The numbers of training and validation images. */
export interface Split {
  readonly training: number;
  readonly validation: number;
}

/** Trains on the first `limit` images; the last `validation` images are held out. */
export function splitSizes(count: number, limit: number, validation: number): Split {
  return { training: Math.min(limit, count - validation), validation };
}

/** The training images, and the held-out validation images. */
export function split({ x, y, count }: Data['train'], { training, validation }: Split) {
  const part = (from: number, to: number): Images => ({ x: x.slice([from, to]), y: y.slice([from, to]) });
  return {
    training: part(0, training),
    validation: validation === 0 ? undefined : part(count - validation, count),
  };
}
