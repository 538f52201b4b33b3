export type { BatchSource, Data, SampleArray, Samples, ShapedArray } from './dataset.ts';
export { decodeIdx, type IdxArray, type IdxOptions, readIdx } from './idx.ts';
export {
  type ByteArray,
  decodeMnist,
  type Mnist,
  type MnistFiles,
  type MnistSplit,
  normalize,
} from './mnist.ts';
