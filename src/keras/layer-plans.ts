import { describe } from '../ir/arguments.ts';
import { Activation } from '../layers/activation/activation-layer.ts';
import type { Layer } from '../layers/base/layer.ts';
import type { Penalty } from '../layers/base/penalty.ts';
import { Sequential } from '../layers/container/sequential.ts';
import type { ConvolutionOptions } from '../layers/convolution/base.ts';
import { Conv1D, Conv2D } from '../layers/convolution/conv.ts';
import { Conv1DTranspose, Conv2DTranspose } from '../layers/convolution/conv-transpose.ts';
import { Dense } from '../layers/dense.ts';
import { Dropout } from '../layers/dropout/dropout.ts';
import { SpatialDropout } from '../layers/dropout/spatial-dropout.ts';
import { BatchNorm } from '../layers/normalization/batch-norm.ts';
import { GroupNorm } from '../layers/normalization/group-norm.ts';
import { LayerNorm } from '../layers/normalization/layer-norm.ts';
import {
  GlobalAvgPool1D,
  GlobalAvgPool2D,
  GlobalMaxPool1D,
  GlobalMaxPool2D,
} from '../layers/pooling/global-pooling.ts';
import { AvgPool1D, AvgPool2D, MaxPool1D, MaxPool2D } from '../layers/pooling/window-pooling.ts';
import { Flatten } from '../layers/shape/flatten.ts';
import { Reshape } from '../layers/shape/reshape.ts';
import { pad } from '../tensor/ops/arrangement/join.ts';
import { broadcastTo, reshape, slice, transpose } from '../tensor/ops/arrangement/views.ts';
import type { Padding } from '../tensor/ops/convolution/conv.ts';
import { max, mean } from '../tensor/ops/reduction/reduce.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { activationLayers, readActivation } from './activations.ts';
import { DenseOnLastAxis, Operation } from './operation-layer.ts';
import { isRecord, own as member, Refusal, readObject, type Settings, shown } from './settings.ts';

/** What is known about a layer before its weights are read. */
export interface Plan {
  /** Keras's names of its weights, in Keras's order, with the number of axes of each. */
  readonly weights: readonly WeightSpec[];
  /** The number of axes of the result. */
  readonly rank: number | null;
  /** The layer with these weights, whose numbers of axes are right. */
  make(weights: readonly Tensor[]): Layer | Promise<Layer>;
}

/** A weight: its name and its number of axes. */
export type WeightSpec = readonly [name: string, axes: number];

/** What a layer is made of. */
export interface PlanInput {
  readonly settings: Settings;
  readonly name: string;
  /** The major version of Keras; 2 for TensorFlow.js. */
  readonly version: number;
  /** The number of axes of the input; null if it is unknown. */
  readonly rank: number | null;
}

type MakePlan = (input: PlanInput) => Plan;

/** A layer without weights. */
const plain = (rank: number | null, make: () => Layer): Plan => ({ weights: [], rank, make });

const initial = (values: Tensor) => () => values;

const shapeOf = (t: Tensor): string => `[${t.shape.join(', ')}]`;

function expectShape(name: string, t: Tensor, ...wanted: readonly number[]): void {
  if (t.shape.every((d, i) => d === wanted[i])) return;
  throw new Refusal(`${name} ${shapeOf(t)}, its settings want [${wanted.join(', ')}]`);
}

/** The penalty of a regularizer of a layer, `L1`, `L2` or `L1L2`. */
function penaltyOf(settings: Settings, key: string): Penalty | undefined {
  const value = settings.get(key);
  if (value === undefined) return undefined;
  const found = readObject(value);
  const config = isRecord(found?.config) ? found.config : {};
  const [l1, l2] = ['l1', 'l2'].map((name) => member(config, name) ?? 0);
  const isFactor = (x: unknown): x is number => typeof x === 'number' && x >= 0 && Number.isFinite(x);
  if (/^l(1|2|1l2|1_l2)$/i.test(found?.className ?? '') && isFactor(l1) && isFactor(l2)) return { l1, l2 };
  throw new Refusal(`${key} ${describe(found?.className ?? value)}`);
}

/** The options of a layer with a kernel and a bias, without those that it does not have. */
function commonOptions({ settings, name, version }: PlanInput, kernelKey = 'kernel') {
  settings.only('activity_regularizer', null);
  const activation = readActivation(settings.get('activation'), version);
  const kernelPenalty = penaltyOf(settings, `${kernelKey}_regularizer`);
  const biasPenalty = penaltyOf(settings, 'bias_regularizer');
  return {
    name,
    bias: settings.flag('use_bias', true),
    ...(activation === undefined ? {} : { activation }),
    ...(kernelPenalty === undefined ? {} : { kernelPenalty }),
    ...(biasPenalty === undefined ? {} : { biasPenalty }),
  };
}

const channelsLast = (settings: Settings): void => settings.only('data_format', 'channels_last');

const dense: MakePlan = (input) => {
  const { settings, name, rank } = input;
  settings.only('quantization_config', null);
  const units = settings.count('units');
  const options = commonOptions(input);
  return {
    weights: [['kernel', 2], ...bias(options)],
    rank,
    make: ([kernel, b]) => {
      expectShape('kernel', kernel!, kernel!.shape[0]!, units);
      if (b !== undefined) expectShape('bias', b, units);
      const layer = new Dense(kernel!.shape[0]!, units, {
        ...options,
        name: rank === null || rank === 2 ? name : '',
        kernelInitializer: initial(kernel!),
        ...(b === undefined ? {} : { biasInitializer: initial(b) }),
      });
      return rank === null || rank === 2 ? layer : new DenseOnLastAxis(layer, name);
    },
  };
};

const bias = (options: { readonly bias: boolean }): WeightSpec[] => (options.bias ? [['bias', 1]] : []);

/** The geometry of a convolution over `spatial` axes. */
function geometryOf(settings: Settings, spatial: number) {
  channelsLast(settings);
  const size = settings.counts('kernel_size', spatial);
  const dilation = settings.counts('dilation_rate', spatial, 1);
  const causal = spatial === 1 && settings.get('padding') === 'causal';
  if (!causal) settings.only('padding', 'valid', 'same');
  const padding: Padding = causal
    ? [[dilation[0]! * (size[0]! - 1), 0]]
    : ((settings.get('padding') ?? 'valid') as Padding);
  return { size, options: { stride: settings.counts('strides', spatial, 1), dilation, padding } };
}

/** A convolution or, with as many groups as channels, a depthwise one. */
function makeConv(
  spatial: number,
  [inputs, outputs]: readonly [number, number],
  size: readonly number[],
  options: ConvolutionOptions,
): Layer {
  return spatial === 1
    ? new Conv1D(inputs, outputs, size as [number], options as ConvolutionOptions<[number]>)
    : new Conv2D(inputs, outputs, size as [number, number], options as ConvolutionOptions<[number, number]>);
}

const conv =
  (spatial: number): MakePlan =>
  (input) => {
    const { settings, rank } = input;
    const filters = settings.count('filters');
    const groups = settings.count('groups', 1);
    const { size, options: geometry } = geometryOf(settings, spatial);
    const options = commonOptions(input);
    return {
      weights: [['kernel', spatial + 2], ...bias(options)],
      rank,
      make: ([kernel, b]) => {
        const per = kernel!.shape[spatial]!;
        expectShape('kernel', kernel!, ...size, per, filters);
        if (b !== undefined) expectShape('bias', b, filters);
        return makeConv(spatial, [per * groups, filters], size, {
          ...options,
          ...geometry,
          groups,
          kernelInitializer: initial(kernel!),
          ...(b === undefined ? {} : { biasInitializer: initial(b) }),
        });
      },
    };
  };

/** Keras's kernel [...size, channels, multiplier] is [...size, 1, channels * multiplier] here, with the same order of values. */
const depthwiseKernel = (kernel: Tensor, size: readonly number[], outputs: number): Tensor =>
  reshape(kernel, [...size, 1, outputs]);

const depthwiseConv =
  (spatial: number): MakePlan =>
  (input) => {
    const { settings, rank } = input;
    const multiplier = settings.count('depth_multiplier', 1);
    const { size, options: geometry } = geometryOf(settings, spatial);
    const options = commonOptions(input, 'depthwise');
    return {
      weights: [['depthwise_kernel', spatial + 2], ...bias(options)],
      rank,
      make: ([kernel, b]) => {
        const channels = kernel!.shape[spatial]!;
        const outputs = channels * multiplier;
        expectShape('kernel', kernel!, ...size, channels, multiplier);
        if (b !== undefined) expectShape('bias', b, outputs);
        return makeConv(spatial, [channels, outputs], size, {
          ...options,
          ...geometry,
          groups: channels,
          kernelInitializer: initial(depthwiseKernel(kernel!, size, outputs)),
          ...(b === undefined ? {} : { biasInitializer: initial(b) }),
        });
      },
    };
  };

const separableConv =
  (spatial: number): MakePlan =>
  (input) => {
    const { settings, name, rank } = input;
    const filters = settings.count('filters');
    const { size, options: geometry } = geometryOf(settings, spatial);
    const { kernelPenalty: depthwisePenalty } = commonOptions(input, 'depthwise');
    const { name: _, ...options } = commonOptions(input, 'pointwise');
    const ones = new Array<number>(spatial).fill(1);
    return {
      weights: [['depthwise_kernel', spatial + 2], ['pointwise_kernel', spatial + 2], ...bias(options)],
      rank,
      make: ([depthwise, pointwise, b]) => {
        // TensorFlow.js does not write the multiplier.
        const [channels, multiplier] = depthwise!.shape.slice(spatial) as [number, number];
        const between = channels * multiplier;
        expectShape('depthwise_kernel', depthwise!, ...size, channels, multiplier);
        expectShape('pointwise_kernel', pointwise!, ...ones, between, filters);
        if (b !== undefined) expectShape('bias', b, filters);
        const first = makeConv(spatial, [channels, between], size, {
          ...geometry,
          ...(depthwisePenalty === undefined ? {} : { kernelPenalty: depthwisePenalty }),
          name: 'depthwise',
          bias: false,
          groups: channels,
          kernelInitializer: initial(depthwiseKernel(depthwise!, size, between)),
        });
        const second = makeConv(spatial, [between, filters], ones, {
          ...options,
          name: 'pointwise',
          kernelInitializer: initial(pointwise!),
          ...(b === undefined ? {} : { biasInitializer: initial(b) }),
        });
        return new Sequential([first, second], { name });
      },
    };
  };

const convTranspose =
  (spatial: number): MakePlan =>
  (input) => {
    const { settings, rank } = input;
    const filters = settings.count('filters');
    settings.only('padding', 'valid', 'same');
    settings.only('groups', 1);
    const { size, options: geometry } = geometryOf(settings, spatial);
    const isSame = geometry.padding === 'same';
    const given = settings.get('output_padding') !== undefined;
    if (given && isSame) throw new Refusal("output_padding with padding 'same'");
    // Without padding Keras's result has at least stride elements for each of the input.
    const outputPadding = given
      ? settings.counts('output_padding', spatial, 0, 0)
      : size.map((n, i) => {
          const reach = (n - 1) * geometry.dilation[i]! + 1;
          return isSame ? 0 : Math.max(0, geometry.stride[i]! - reach);
        });
    const options = commonOptions(input);
    return {
      weights: [['kernel', spatial + 2], ...bias(options)],
      rank,
      make: ([kernel, b]) => {
        const channels = kernel!.shape[spatial + 1]!;
        expectShape('kernel', kernel!, ...size, filters, channels);
        if (b !== undefined) expectShape('bias', b, filters);
        const all = {
          ...options,
          ...geometry,
          outputPadding,
          kernelInitializer: initial(kernel!),
          ...(b === undefined ? {} : { biasInitializer: initial(b) }),
        };
        return spatial === 1
          ? new Conv1DTranspose(channels, filters, size as [number], all as never)
          : new Conv2DTranspose(channels, filters, size as [number, number], all as never);
      },
    };
  };

/** @throws Refusal unless the axis, or the only one of a list, is the last. */
function lastAxis(settings: Settings, rank: number | null): void {
  const value = settings.get('axis') ?? -1;
  const [axis] = Array.isArray(value) && value.length === 1 ? value : [value];
  if (axis === -1 || (rank === null ? (axis as number) > 0 : axis === rank - 1)) return;
  throw new Refusal(`axis ${shown(value)}`);
}

/** gamma and beta, as far as a normalization has them. */
function scaleAndCenter(settings: Settings) {
  const [scale, center] = [settings.flag('scale', true), settings.flag('center', true)];
  for (const key of ['gamma_regularizer', 'beta_regularizer']) settings.only(key, null);
  const weights: WeightSpec[] = [];
  if (scale) weights.push(['gamma', 1]);
  if (center) weights.push(['beta', 1]);
  const options = (values: readonly Tensor[]) => {
    const [gamma, beta] = [scale ? values[0] : undefined, center ? values[Number(scale)] : undefined];
    return {
      scale,
      center,
      ...(gamma === undefined ? {} : { gammaInitializer: initial(gamma) }),
      ...(beta === undefined ? {} : { betaInitializer: initial(beta) }),
    };
  };
  return { weights, options };
}

const batchNorm: MakePlan = ({ settings, name, rank }) => {
  lastAxis(settings, rank);
  for (const key of ['renorm', 'virtual_batch_size', 'adjustment']) settings.only(key, null, false);
  const { weights: own, options } = scaleAndCenter(settings);
  const weights: WeightSpec[] = [...own, ['moving_mean', 1], ['moving_variance', 1]];
  const momentum = settings.number('momentum', 0.99);
  const epsilon = settings.number('epsilon', 0.001);
  return {
    weights,
    rank,
    make: async (values) => {
      const [average, variance] = values.slice(own.length) as [Tensor, Tensor];
      expectSameSize(weights, values);
      const layer = new BatchNorm(average.size, { ...options(values), momentum, epsilon, name });
      await layer.runningMean.assign(average);
      await layer.runningVariance.assign(variance);
      return layer;
    },
  };
};

/** The weights of a normalization have a value for each feature. */
function expectSameSize(weights: readonly WeightSpec[], values: readonly Tensor[]): void {
  for (const [i, value] of values.entries()) expectShape(weights[i]![0], value, values[0]!.size);
}

const normalization =
  (make: (features: number, options: object, settings: Settings) => Layer): MakePlan =>
  ({ settings, name, rank }) => {
    lastAxis(settings, rank);
    settings.only('rms_scaling', false);
    const { weights, options } = scaleAndCenter(settings);
    if (weights.length === 0) throw new Refusal('no gamma and no beta');
    const epsilon = settings.number('epsilon', 0.001);
    return {
      weights,
      rank,
      make: (values) => {
        expectSameSize(weights, values);
        return make(values[0]!.size, { ...options(values), epsilon, name }, settings);
      },
    };
  };

type PoolClass = new (size: never, options: never) => Layer;

const pooling =
  (spatial: number, make: PoolClass): MakePlan =>
  ({ settings, name, rank }) => {
    channelsLast(settings);
    settings.only('padding', 'valid', 'same');
    const size = settings.counts('pool_size', spatial, 2);
    const stride = settings.counts('strides', spatial, size);
    const padding = settings.get('padding') ?? 'valid';
    return plain(rank, () => new make(size as never, { stride, padding, name } as never));
  };

const globalPooling =
  (
    spatial: number,
    make: new (options: { name: string }) => Layer,
    reduce: (x: Tensor, axes: readonly number[], options: { keepDims: true }) => Tensor,
  ): MakePlan =>
  ({ settings, name, rank }) => {
    channelsLast(settings);
    if (!settings.flag('keepdims', false)) return plain(2, () => new make({ name }));
    const axes = spatial === 1 ? [1] : [1, 2];
    return plain(
      rank,
      () => new Operation('GlobalPooling', name, (x) => reduce(x, axes, { keepDims: true })),
    );
  };

/** Pairs [before, after] for each axis: from a number, a number for each axis, or pairs. A single axis has one pair. */
function margins(settings: Settings, key: string, spatial: number): [number, number][] {
  const value = settings.get(key) ?? 1;
  const isWidth = (n: unknown): n is number =>
    Number.isInteger(n) && (n as number) >= 0 && (n as number) <= 1e6;
  const isPair = (pair: unknown): pair is [number, number] =>
    Array.isArray(pair) && pair.length === 2 && pair.every(isWidth);
  if (isWidth(value)) return new Array<[number, number]>(spatial).fill([value, value]);
  if (spatial === 1 && isPair(value)) return [value];
  if (Array.isArray(value) && value.length === spatial) {
    if (value.every(isWidth)) return value.map((n) => [n, n]);
    if (value.every(isPair)) return value;
  }
  throw new Refusal(`${key} ${shown(value)}`);
}

const none = [0, 0] as const;

const zeroPadding =
  (spatial: number): MakePlan =>
  ({ settings, name, rank }) => {
    channelsLast(settings);
    const widths = margins(settings, 'padding', spatial);
    const className = `ZeroPadding${spatial}D`;
    return plain(rank, () => new Operation(className, name, (x) => pad(x, [none, ...widths, none])));
  };

const cropping =
  (spatial: number): MakePlan =>
  ({ settings, name, rank }) => {
    channelsLast(settings);
    const widths = margins(settings, 'cropping', spatial);
    const crop = (x: Tensor): Tensor =>
      slice(x, null, ...widths.map(([a, b], i) => [a, (x.shape[i + 1] ?? 0) - b] as const));
    return plain(rank, () => new Operation(`Cropping${spatial}D`, name, crop));
  };

const upSampling =
  (spatial: number): MakePlan =>
  ({ settings, name, rank }) => {
    channelsLast(settings);
    settings.only('interpolation', 'nearest');
    const factors = settings.counts('size', spatial, 2);
    const enlarge = (x: Tensor): Tensor => {
      const [n, ...rest] = x.shape as [number, ...number[]];
      const sizes = rest.slice(0, spatial);
      const channels = rest.slice(spatial);
      const repeated = broadcastTo(reshape(x, [n, ...sizes.flatMap((d) => [d, 1]), ...channels]), [
        n,
        ...sizes.flatMap((d, i) => [d, factors[i]!]),
        ...channels,
      ]);
      return reshape(repeated, [n, ...sizes.map((d, i) => d * factors[i]!), ...channels]);
    };
    return plain(rank, () => new Operation(`UpSampling${spatial}D`, name, enlarge));
  };

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

const reshaping: MakePlan = ({ settings, name }) => {
  // TensorFlow.js writes null for -1.
  const given = settings.get('target_shape');
  const shape = Array.isArray(given) ? given.map((d) => d ?? -1) : given;
  const isDimension = (d: unknown): boolean =>
    Number.isInteger(d) && (d as number) >= -1 && (d as number) <= 0x7fffffff;
  if (!Array.isArray(shape) || !shape.every(isDimension) || shape.filter((d) => d === -1).length > 1)
    throw new Refusal(`target_shape ${shown(shape)}`);
  return plain(1 + shape.length, () => new Reshape(shape, { name }));
};

const permuting: MakePlan = ({ settings, name }) => {
  const dims = settings.get('dims');
  const list = Array.isArray(dims) ? dims : [];
  if (list.length === 0 || list.length > 16 || list.some((_, i) => !list.includes(i + 1)))
    throw new Refusal(`dims ${shown(dims)}`);
  return plain(1 + list.length, () => new Operation('Permute', name, (x) => transpose(x, [0, ...list])));
};

const repeating: MakePlan = ({ settings, name }) => {
  const n = settings.count('n');
  const repeat = (x: Tensor): Tensor => {
    const [batch = 0, features = 0] = x.shape;
    return broadcastTo(reshape(x, [batch, 1, features]), [batch, n, features]);
  };
  return plain(3, () => new Operation('RepeatVector', name, repeat));
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
