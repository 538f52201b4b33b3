export { type BinaryCrossEntropyOptions, binaryCrossEntropy } from './binary-cross-entropy.ts';
export { type CtcLossOptions, ctcLoss } from './ctc.ts';
export { contrastive, cosineDistance, type MarginOptions, tripletMargin } from './distance.ts';
export {
  type BinaryFocalCrossEntropyOptions,
  binaryFocalCrossEntropy,
  type SoftmaxFocalCrossEntropyOptions,
  softmaxFocalCrossEntropy,
} from './focal.ts';
export { categoricalHinge, hinge, squaredHinge } from './hinge.ts';
export { klDivergence } from './kl-divergence.ts';
export { type DiceOptions, dice, type TverskyOptions, tversky } from './overlap.ts';
export type { LossOptions, Reduction } from './reduction.ts';
export {
  type HuberOptions,
  huber,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
  poissonLoss,
} from './regression.ts';
export { type SoftmaxCrossEntropyOptions, softmaxCrossEntropy } from './softmax-cross-entropy.ts';
