import type { Layer } from '../../layers/base/layer.ts';
import { Dropout } from '../../layers/dropout/dropout.ts';
import { SpatialDropout } from '../../layers/dropout/spatial-dropout.ts';
import { GroupNorm } from '../../layers/normalization/group-norm.ts';
import { LayerNorm } from '../../layers/normalization/layer-norm.ts';
import {
  GlobalAvgPool1D,
  GlobalAvgPool2D,
  GlobalMaxPool1D,
  GlobalMaxPool2D,
} from '../../layers/pooling/global-pooling.ts';
import { AvgPool1D, AvgPool2D, MaxPool1D, MaxPool2D } from '../../layers/pooling/window-pooling.ts';
import { Flatten } from '../../layers/shape/flatten.ts';
import { activationLayer, activationLayers, activationOf, readActivation } from '../activations.ts';
import { Refusal } from '../settings.ts';
import { activated } from './activated.ts';
import { conv, convTranspose, depthwiseConv, separableConv } from './convolution.ts';
import { dense } from './dense.ts';
import { batchNorm, normalization } from './normalization.ts';
import { operation } from './operation.ts';
import { channelsLast, type MakePlan, plain } from './plan.ts';
import { globalPooling, type PoolClass, pooling } from './pooling.ts';
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

/** The layers with one input, by Keras's classes. */
export const plans: Readonly<Record<string, MakePlan>> = /* @__PURE__ */ (() => ({
  ...Object.fromEntries(activationLayers.map((name) => [name, activationPlan])),
  Activation: activation,
  AveragePooling1D: pooling(1, AvgPool1D as PoolClass),
  AveragePooling2D: pooling(2, AvgPool2D as PoolClass),
  BatchNormalization: batchNorm,
  Bidirectional: bidirectional,
  Conv1D: activated(conv(1)),
  Conv1DTranspose: activated(convTranspose(1)),
  Conv2D: activated(conv(2)),
  Conv2DTranspose: activated(convTranspose(2)),
  Cropping1D: operation(),
  Cropping2D: operation(),
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
  GlobalMaxPooling1D: globalPooling(GlobalMaxPool1D),
  GlobalMaxPooling2D: globalPooling(GlobalMaxPool2D),
  GroupNormalization: normalization((features, options, settings) => {
    const groups = settings.count('groups', 32, -1);
    return new GroupNorm(groups === -1 ? features : groups, features, options);
  }),
  LSTM: recurrent,
  LayerNormalization: normalization((features, options) => new LayerNorm(features, options)),
  MaxPooling1D: pooling(1, MaxPool1D as PoolClass),
  MaxPooling2D: pooling(2, MaxPool2D as PoolClass),
  Permute: operation((settings) => 1 + (settings.get('dims') as unknown[]).length),
  RepeatVector: operation(() => 3),
  Rescaling: operation(),
  Reshape: reshaping,
  SeparableConv1D: activated(separableConv(1)),
  SeparableConv2D: activated(separableConv(2)),
  SimpleRNN: recurrent,
  SpatialDropout1D: dropout(SpatialDropout),
  SpatialDropout2D: dropout(SpatialDropout),
  UpSampling1D: operation(),
  UpSampling2D: operation(),
  ZeroPadding1D: operation(),
  ZeroPadding2D: operation(),
}))();
