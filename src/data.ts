/** The entry point `ndgrad/data`: data for `fit`, IDX and MNIST files, image augmentation. */

// Data that `fit`, `evaluate` and `predict` accept

export type { BatchFunction, BatchSource, Data, SampleArray, Samples, ShapedArray } from './data/dataset.ts';

// IDX and MNIST files

export { decodeIdx, type IdxArray, type IdxOptions, readIdx } from './data/idx.ts';
export {
  type ByteArray,
  decodeMnist,
  type Mnist,
  type MnistFiles,
  type MnistSplit,
  scalePixels,
} from './data/mnist.ts';

// Image augmentation

export { type AugmentedImages, augmentImages, type ImageBatch } from './data/augmentation/augment.ts';
export type { AugmentOptions, ElasticOptions } from './data/augmentation/options.ts';
