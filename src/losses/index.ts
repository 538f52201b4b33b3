export { type BinaryCrossEntropyOptions, binaryCrossEntropy } from './binary-cross-entropy.ts';
export type { LossOptions, Reduction } from './reduction.ts';
export { type HuberOptions, huber, meanAbsoluteError, meanSquaredError } from './regression.ts';
export { type SoftmaxCrossEntropyOptions, softmaxCrossEntropy } from './softmax-cross-entropy.ts';
