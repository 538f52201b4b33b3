import { Activation } from '../../layers/activation/activation-layer.ts';
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
import { max, mean } from '../../tensor/ops/reduction/reduce.ts';
import { activationLayers, readActivation } from '../activations.ts';
import { Operation } from '../operation-layer.ts';
import { Refusal } from '../settings.ts';
import { cropping, permuting, repeating, reshaping, upSampling, zeroPadding } from './arrangement.ts';
import { conv, convTranspose, depthwiseConv, separableConv } from './convolution.ts';
import { dense } from './dense.ts';
import { batchNorm, normalization } from './normalization.ts';
import { channelsLast, type MakePlan, plain } from './plan.ts';
import { globalPooling, type PoolClass, pooling } from './pooling.ts';

const dropout =
  (make: new (rate: number, options: { name: string }) => Layer): MakePlan =>
  ({ settings, name, rank }) => {
    settings.only('noise_shape', null);
    channelsLast(settings);
    const rate = settings.number('rate');
    if (!(rate >= 0 && rate < 1)) throw new Refusal(`rate ${rate}`);
    return plain(rank, () => new make(rate, { name }));
  };

const activationLayer: MakePlan = ({ settings, name, version, rank }) => {
  const activation = readActivation(settings.get('activation') ?? 'linear', version) ?? 'linear';
  return plain(rank, () => new Activation(activation, { name }));
};

const rescaling: MakePlan = ({ settings, name, rank }) => {
  const [scale, offset] = [settings.number('scale', 1), settings.number('offset', 0)];
  return plain(rank, () => new Operation('Rescaling', name, (x) => x.mul(scale).add(offset)));
};

/** The layers with one input, by Keras's classes. */
export const plans: Readonly<Record<string, MakePlan>> = {
  ...Object.fromEntries(
    Object.entries(activationLayers).map(([className, choose]): [string, MakePlan] => [
      className,
      ({ settings, name, rank }) => {
        const activation = choose(settings);
        return plain(rank, () => new Activation(activation, { name }));
      },
    ]),
  ),
  Activation: activationLayer,
  AveragePooling1D: pooling(1, AvgPool1D as PoolClass),
  AveragePooling2D: pooling(2, AvgPool2D as PoolClass),
  BatchNormalization: batchNorm,
  Conv1D: conv(1),
  Conv1DTranspose: convTranspose(1),
  Conv2D: conv(2),
  Conv2DTranspose: convTranspose(2),
  Cropping1D: cropping(1),
  Cropping2D: cropping(2),
  Dense: dense,
  DepthwiseConv1D: depthwiseConv(1),
  DepthwiseConv2D: depthwiseConv(2),
  Dropout: dropout(Dropout),
  Flatten: ({ settings, name }) => {
    channelsLast(settings);
    return plain(2, () => new Flatten({ name }));
  },
  GlobalAveragePooling1D: globalPooling(1, GlobalAvgPool1D, mean),
  GlobalAveragePooling2D: globalPooling(2, GlobalAvgPool2D, mean),
  GlobalMaxPooling1D: globalPooling(1, GlobalMaxPool1D, max),
  GlobalMaxPooling2D: globalPooling(2, GlobalMaxPool2D, max),
  GroupNormalization: normalization((features, options, settings) => {
    const groups = settings.count('groups', 32, -1);
    return new GroupNorm(groups === -1 ? features : groups, features, options);
  }),
  LayerNormalization: normalization((features, options) => new LayerNorm(features, options)),
  MaxPooling1D: pooling(1, MaxPool1D as PoolClass),
  MaxPooling2D: pooling(2, MaxPool2D as PoolClass),
  Permute: permuting,
  RepeatVector: repeating,
  Rescaling: rescaling,
  Reshape: reshaping,
  SeparableConv1D: separableConv(1),
  SeparableConv2D: separableConv(2),
  SpatialDropout1D: dropout(SpatialDropout),
  SpatialDropout2D: dropout(SpatialDropout),
  UpSampling1D: upSampling(1),
  UpSampling2D: upSampling(2),
  ZeroPadding1D: zeroPadding(1),
  ZeroPadding2D: zeroPadding(2),
};
