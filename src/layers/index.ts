export {
  type ActivationFunction,
  type ActivationName,
  activations,
} from './activation/activation-functions.ts';
export { Activation, type ActivationOptions } from './activation/activation-layer.ts';
export { PReLU, type PReLUOptions } from './activation/prelu.ts';
export {
  MultiHeadAttention,
  type MultiHeadAttentionOptions,
} from './attention/multi-head-attention.ts';
export { TransformerBlock, type TransformerBlockOptions } from './attention/transformer-block.ts';
export {
  type Context,
  type Decoding,
  inference,
  TrainingContext,
  type TrainingOptions,
  training,
} from './base/context.ts';
export { Layer, type Member } from './base/layer.ts';
export type { LayerLike } from './base/layer-like.ts';
export { type Described, Network, type NetworkMember } from './base/network.ts';
export type { Penalty } from './base/penalty.ts';
export type { PartialShape } from './base/shapes.ts';
export type { SummaryOptions } from './base/summary.ts';
export { Residual, type ResidualOptions } from './container/residual.ts';
export { Sequential, type SequentialOptions } from './container/sequential.ts';
export type { ConvolutionOptions } from './convolution/base.ts';
export { Conv1D, Conv2D, Conv3D } from './convolution/conv.ts';
export {
  Conv1DTranspose,
  Conv2DTranspose,
  Conv3DTranspose,
  type TransposedConvolutionOptions,
} from './convolution/conv-transpose.ts';
export {
  SeparableConv1D,
  SeparableConv2D,
  type SeparableConvolutionOptions,
} from './convolution/separable.ts';
export { Dense, type DenseOptions } from './dense.ts';
export { Dropout, type DropoutOptions } from './dropout/dropout.ts';
export { SpatialDropout } from './dropout/spatial-dropout.ts';
export { Embedding, type EmbeddingOptions } from './embedding/embedding.ts';
export {
  PositionEmbedding,
  type PositionEmbeddingOptions,
  SinusoidalPositions,
  type SinusoidalPositionsOptions,
} from './embedding/position-embedding.ts';
export type { Initializer } from './initializers/initializer.ts';
export { type InitializerName, initializers } from './initializers/initializers.ts';
export { BatchNorm, type BatchNormOptions } from './normalization/batch-norm.ts';
export { GroupNorm, type GroupNormOptions } from './normalization/group-norm.ts';
export { InstanceNorm, type InstanceNormOptions } from './normalization/instance-norm.ts';
export { LayerNorm, type LayerNormOptions } from './normalization/layer-norm.ts';
export { RMSNorm, type RMSNormOptions } from './normalization/rms-norm.ts';
export {
  GlobalAvgPool1D,
  GlobalAvgPool2D,
  GlobalAvgPool3D,
  GlobalMaxPool1D,
  GlobalMaxPool2D,
  GlobalMaxPool3D,
  type GlobalPoolingOptions,
} from './pooling/global-pooling.ts';
export {
  AvgPool1D,
  AvgPool2D,
  AvgPool3D,
  MaxPool1D,
  MaxPool2D,
  MaxPool3D,
  type PoolingLayerOptions,
} from './pooling/window-pooling.ts';
export { Bidirectional, type BidirectionalOptions } from './recurrent/bidirectional.ts';
export { GRU, type GRUOptions } from './recurrent/gru.ts';
export { LSTM, type LSTMOptions } from './recurrent/lstm.ts';
export type { OutputAndState, Recurrent, RecurrentOptions, StateOptions } from './recurrent/recurrent.ts';
export { SimpleRNN } from './recurrent/simple-rnn.ts';
export { Flatten, type FlattenOptions } from './shape/flatten.ts';
export {
  Cropping1D,
  Cropping2D,
  Cropping3D,
  type MarginLayerOptions,
  ZeroPadding1D,
  ZeroPadding2D,
  ZeroPadding3D,
} from './shape/margins.ts';
export { Reshape, type ReshapeOptions } from './shape/reshape.ts';
export { UpSampling1D, UpSampling2D, UpSampling3D, type UpSamplingOptions } from './shape/up-sampling.ts';
