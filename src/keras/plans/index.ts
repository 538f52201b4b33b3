import { PReLU } from '../../layers/activation/prelu.ts';
import type { Layer } from '../../layers/base/layer.ts';
import { Dropout } from '../../layers/dropout/dropout.ts';
import { SpatialDropout } from '../../layers/dropout/spatial-dropout.ts';
import { GroupNorm } from '../../layers/normalization/group-norm.ts';
import { LayerNorm } from '../../layers/normalization/layer-norm.ts';
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
import { Flatten } from '../../layers/shape/flatten.ts';
import {
  Cropping1D,
  Cropping2D,
  Cropping3D,
  ZeroPadding1D,
  ZeroPadding2D,
  ZeroPadding3D,
} from '../../layers/shape/margins.ts';
import { UpSampling1D, UpSampling2D, UpSampling3D } from '../../layers/shape/up-sampling.ts';
import { reshape } from '../../tensor/ops/arrangement/views.ts';
import { activationLayer, activationLayers, activationOf, readActivation } from '../activations.ts';
import { Refusal } from '../settings.ts';
import { activated } from './activated.ts';
import { conv, convTranspose, depthwiseConv, separableConv } from './convolution.ts';
import { dense } from './dense.ts';
import { batchNorm, normalization } from './normalization.ts';
import { operation } from './operation.ts';
import { channelsLast, initial, type MakePlan, plain } from './plan.ts';
import { globalPooling, margins, type PoolClass, pooling, upSampling } from './pooling.ts';
import { bidirectional, embedding, recurrent } from './recurrent.ts';
import { reshaping } from './reshape.ts';

const dropout =
  (make: new (rate: number, options: { name: string }) => Layer): MakePlan =>
  ({ settings, name, rank }) => {
    settings.only('noise_shape', null);
    channelsLast(settings);
    const rate = settings.number('rate');
    if (!(rate >= 0 && rate < 1)) throw new Refusal(`rate ${rate}`);
    return plain(rank, () => new make(rate, { name }));
  };

const activation: MakePlan = ({ settings, name, version, rank }) => {
  const chosen = readActivation(settings.get('activation'), version) ?? 'linear';
  return plain(rank, () => activationLayer(chosen, name));
};

const activationPlan: MakePlan = ({ className, settings, name, rank }) => {
  const chosen = activationOf(className, settings);
  return plain(rank, () => activationLayer(chosen, name));
};

/** With a slope for each channel: in other models the slopes are those of positions too. */
const prelu: MakePlan = ({ settings, name, rank }) => {
  settings.only('alpha_regularizer', null);
  if (rank === null) throw new Refusal('an input with an unknown number of axes');
  return {
    weights: [['alpha', rank - 1]],
    rank,
    make: ([alpha]) => {
      const features = alpha!.shape.at(-1)!;
      if (alpha!.size !== features) throw new Refusal(`alpha [${alpha!.shape.join(', ')}], not of channels`);
      return new PReLU(features, { alphaInitializer: initial(reshape(alpha!, [features])), name });
    },
  };
};

/** The layers with one input, by Keras's classes. */
export const plans: Readonly<Record<string, MakePlan>> = /* @__PURE__ */ (() => ({
  ...Object.fromEntries(activationLayers.map((name) => [name, activationPlan])),
  Activation: activation,
  AveragePooling1D: pooling(1, AvgPool1D as PoolClass),
  AveragePooling2D: pooling(2, AvgPool2D as PoolClass),
  AveragePooling3D: pooling(3, AvgPool3D as PoolClass),
  BatchNormalization: batchNorm,
  Bidirectional: bidirectional,
  Conv1D: activated(conv(1)),
  Conv1DTranspose: activated(convTranspose(1)),
  Conv2D: activated(conv(2)),
  Conv2DTranspose: activated(convTranspose(2)),
  Conv3D: activated(conv(3)),
  Conv3DTranspose: activated(convTranspose(3)),
  Cropping1D: margins(1, 'cropping', Cropping1D as PoolClass),
  Cropping2D: margins(2, 'cropping', Cropping2D as PoolClass),
  Cropping3D: margins(3, 'cropping', Cropping3D as PoolClass),
  Dense: activated(dense),
  DepthwiseConv1D: activated(depthwiseConv(1)),
  DepthwiseConv2D: activated(depthwiseConv(2)),
  Dropout: dropout(Dropout),
  Embedding: embedding,
  Flatten: ({ settings, name }) => {
    channelsLast(settings);
    return plain(2, () => new Flatten({ name }));
  },
  GRU: recurrent,
  GlobalAveragePooling1D: globalPooling(GlobalAvgPool1D),
  GlobalAveragePooling2D: globalPooling(GlobalAvgPool2D),
  GlobalAveragePooling3D: globalPooling(GlobalAvgPool3D),
  GlobalMaxPooling1D: globalPooling(GlobalMaxPool1D),
  GlobalMaxPooling2D: globalPooling(GlobalMaxPool2D),
  GlobalMaxPooling3D: globalPooling(GlobalMaxPool3D),
  GroupNormalization: normalization((features, options, settings) => {
    const groups = settings.count('groups', 32, -1);
    return new GroupNorm(groups === -1 ? features : groups, features, options);
  }),
  LSTM: recurrent,
  LayerNormalization: normalization((features, options) => new LayerNorm(features, options)),
  MaxPooling1D: pooling(1, MaxPool1D as PoolClass),
  MaxPooling2D: pooling(2, MaxPool2D as PoolClass),
  MaxPooling3D: pooling(3, MaxPool3D as PoolClass),
  PReLU: prelu,
  Permute: operation((settings) => 1 + (settings.get('dims') as unknown[]).length),
  RepeatVector: operation(() => 3),
  Rescaling: operation(),
  Reshape: reshaping,
  SeparableConv1D: activated(separableConv(1)),
  SeparableConv2D: activated(separableConv(2)),
  SimpleRNN: recurrent,
  SpatialDropout1D: dropout(SpatialDropout),
  SpatialDropout2D: dropout(SpatialDropout),
  SpatialDropout3D: dropout(SpatialDropout),
  UpSampling1D: upSampling(1, UpSampling1D as PoolClass),
  UpSampling2D: upSampling(2, UpSampling2D as PoolClass),
  UpSampling3D: upSampling(3, UpSampling3D as PoolClass),
  ZeroPadding1D: margins(1, 'padding', ZeroPadding1D as PoolClass),
  ZeroPadding2D: margins(2, 'padding', ZeroPadding2D as PoolClass),
  ZeroPadding3D: margins(3, 'padding', ZeroPadding3D as PoolClass),
}))();
