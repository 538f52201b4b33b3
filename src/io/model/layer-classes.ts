import { Activation } from '../../layers/activation/activation-layer.ts';
import { PReLU } from '../../layers/activation/prelu.ts';
import { MultiHeadAttention } from '../../layers/attention/multi-head-attention.ts';
import { TransformerBlock } from '../../layers/attention/transformer-block.ts';
import { Residual } from '../../layers/container/residual.ts';
import { Sequential } from '../../layers/container/sequential.ts';
import { Conv1D, Conv2D, Conv3D } from '../../layers/convolution/conv.ts';
import {
  Conv1DTranspose,
  Conv2DTranspose,
  Conv3DTranspose,
} from '../../layers/convolution/conv-transpose.ts';
import { SeparableConv1D, SeparableConv2D } from '../../layers/convolution/separable.ts';
import { Dense } from '../../layers/dense.ts';
import { Dropout } from '../../layers/dropout/dropout.ts';
import { SpatialDropout } from '../../layers/dropout/spatial-dropout.ts';
import { Embedding } from '../../layers/embedding/embedding.ts';
import { PositionEmbedding, SinusoidalPositions } from '../../layers/embedding/position-embedding.ts';
import { BatchNorm } from '../../layers/normalization/batch-norm.ts';
import { GroupNorm } from '../../layers/normalization/group-norm.ts';
import { InstanceNorm } from '../../layers/normalization/instance-norm.ts';
import { LayerNorm } from '../../layers/normalization/layer-norm.ts';
import { RMSNorm } from '../../layers/normalization/rms-norm.ts';
import {
  GlobalAvgPool1D,
  GlobalAvgPool2D,
  GlobalAvgPool3D,
  GlobalMaxPool1D,
  GlobalMaxPool2D,
  GlobalMaxPool3D,
} from '../../layers/pooling/global-pooling.ts';
import {
  AvgPool1D,
  AvgPool2D,
  AvgPool3D,
  MaxPool1D,
  MaxPool2D,
  MaxPool3D,
} from '../../layers/pooling/window-pooling.ts';
import { Bidirectional } from '../../layers/recurrent/bidirectional.ts';
import { GRU } from '../../layers/recurrent/gru.ts';
import { LSTM } from '../../layers/recurrent/lstm.ts';
import { SimpleRNN } from '../../layers/recurrent/simple-rnn.ts';
import { Flatten } from '../../layers/shape/flatten.ts';
import {
  Cropping1D,
  Cropping2D,
  Cropping3D,
  ZeroPadding1D,
  ZeroPadding2D,
  ZeroPadding3D,
} from '../../layers/shape/margins.ts';
import { Reshape } from '../../layers/shape/reshape.ts';
import { UpSampling1D, UpSampling2D, UpSampling3D } from '../../layers/shape/up-sampling.ts';
import type { LayerClass } from './configuration.ts';

/** Every layer of this library, which `loadModel` builds by its kind. */
export const layerClasses: readonly LayerClass[] = [
  ...[Activation, Residual, Sequential, Dense, Dropout, SpatialDropout, Flatten, Reshape],
  ...[Conv1D, Conv2D, Conv3D, Conv1DTranspose, Conv2DTranspose, Conv3DTranspose],
  ...[SeparableConv1D, SeparableConv2D, PReLU],
  ...[BatchNorm, GroupNorm, InstanceNorm, LayerNorm, RMSNorm],
  ...[Embedding, PositionEmbedding, SinusoidalPositions],
  ...[MultiHeadAttention, TransformerBlock],
  ...[SimpleRNN, LSTM, GRU, Bidirectional],
  ...[GlobalAvgPool1D, GlobalAvgPool2D, GlobalAvgPool3D, GlobalMaxPool1D, GlobalMaxPool2D, GlobalMaxPool3D],
  ...[AvgPool1D, AvgPool2D, AvgPool3D, MaxPool1D, MaxPool2D, MaxPool3D],
  ...[UpSampling1D, UpSampling2D, UpSampling3D],
  ...[ZeroPadding1D, ZeroPadding2D, ZeroPadding3D, Cropping1D, Cropping2D, Cropping3D],
];
