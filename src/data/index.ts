export { type AugmentedImages, augmentImages, type ImageBatch } from './augmentation/augment.ts';
export type { AugmentOptions, ElasticOptions } from './augmentation/options.ts';
export type { BatchFunction, BatchSource, Data, SampleArray, Samples, ShapedArray } from './dataset.ts';
export { decodeIdx, type IdxArray, type IdxOptions, readIdx } from './idx.ts';
export {
  type ByteArray,
  decodeMnist,
  type Mnist,
  type MnistFiles,
  type MnistSplit,
  normalize,
} from './mnist.ts';
