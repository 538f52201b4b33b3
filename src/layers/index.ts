export { Activation, type ActivationOptions } from './activation.ts';
export { type ActivationFunction, type ActivationName, activations } from './activations.ts';
export { BatchNorm, type BatchNormOptions } from './batch-norm.ts';
export { type Context, inference, TrainingContext, type TrainingOptions, training } from './context.ts';
export { Conv1D, Conv2D } from './conv.ts';
export { Conv1DTranspose, Conv2DTranspose, type TransposedConvolutionOptions } from './conv-transpose.ts';
export type { ConvolutionOptions } from './convolution.ts';
export { Dense, type DenseOptions } from './dense.ts';
export { Dropout, type DropoutOptions } from './dropout.ts';
export { Flatten, type FlattenOptions } from './flatten.ts';
export {
  GlobalAvgPool1D,
  GlobalAvgPool2D,
  GlobalMaxPool1D,
  GlobalMaxPool2D,
  type GlobalPoolingOptions,
} from './global-pooling.ts';
export { type Initializer, type InitializerName, initializers } from './initializers.ts';
export { Layer, type Member } from './layer.ts';
export { LayerNorm, type LayerNormOptions } from './layer-norm.ts';
export type { Penalty } from './penalty.ts';
export {
  AvgPool1D,
  AvgPool2D,
  MaxPool1D,
  MaxPool2D,
  type PoolingLayerOptions,
} from './pooling.ts';
export { Reshape, type ReshapeOptions } from './reshape.ts';
export { Residual, type ResidualOptions } from './residual.ts';
export { Sequential, type SequentialOptions } from './sequential.ts';
export type { PartialShape } from './shapes.ts';
export { SpatialDropout } from './spatial-dropout.ts';
export type { SummaryOptions } from './summary.ts';
