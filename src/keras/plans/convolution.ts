import type { Layer } from '../../layers/base/layer.ts';
import { Sequential } from '../../layers/container/sequential.ts';
import type { ConvolutionOptions } from '../../layers/convolution/base.ts';
import { Conv1D, Conv2D } from '../../layers/convolution/conv.ts';
import { Conv1DTranspose, Conv2DTranspose } from '../../layers/convolution/conv-transpose.ts';
import { reshape } from '../../tensor/ops/arrangement/views.ts';
import type { Padding } from '../../tensor/ops/convolution/conv.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Refusal, type Settings } from '../settings.ts';
import { channelsLast, expectShape, type MakePlan } from './plan.ts';
import { biasOf, commonOptions, initialValues } from './weighted.ts';

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

/** Conv1D and Conv2D. */
export const conv =
  (spatial: number): MakePlan =>
  (input) => {
    const { settings, rank } = input;
    const filters = settings.count('filters');
    const groups = settings.count('groups', 1);
    const { size, options: geometry } = geometryOf(settings, spatial);
    const options = commonOptions(input);
    return {
      weights: [['kernel', spatial + 2], ...biasOf(options)],
      rank,
      make: ([kernel, b]) => {
        const per = kernel!.shape[spatial]!;
        expectShape('kernel', kernel!, ...size, per, filters);
        return makeConv(spatial, [per * groups, filters], size, {
          ...options,
          ...geometry,
          groups,
          ...initialValues(kernel!, b, filters),
        });
      },
    };
  };

/** Keras's kernel [...size, channels, multiplier] is [...size, 1, channels * multiplier] here, with the same order of values. */
const depthwiseKernel = (kernel: Tensor, size: readonly number[], outputs: number): Tensor =>
  reshape(kernel, [...size, 1, outputs]);

/** DepthwiseConv1D and DepthwiseConv2D. */
export const depthwiseConv =
  (spatial: number): MakePlan =>
  (input) => {
    const { settings, rank } = input;
    const multiplier = settings.count('depth_multiplier', 1);
    const { size, options: geometry } = geometryOf(settings, spatial);
    const options = commonOptions(input, 'depthwise');
    return {
      weights: [['depthwise_kernel', spatial + 2], ...biasOf(options)],
      rank,
      make: ([kernel, b]) => {
        const channels = kernel!.shape[spatial]!;
        const outputs = channels * multiplier;
        expectShape('kernel', kernel!, ...size, channels, multiplier);
        return makeConv(spatial, [channels, outputs], size, {
          ...options,
          ...geometry,
          groups: channels,
          ...initialValues(depthwiseKernel(kernel!, size, outputs), b, outputs),
        });
      },
    };
  };

/** SeparableConv1D and SeparableConv2D: a depthwise convolution, then one of size 1. */
export const separableConv =
  (spatial: number): MakePlan =>
  (input) => {
    const { settings, name, rank } = input;
    const filters = settings.count('filters');
    const { size, options: geometry } = geometryOf(settings, spatial);
    const { kernelPenalty: depthwisePenalty } = commonOptions(input, 'depthwise');
    const { name: _, ...options } = commonOptions(input, 'pointwise');
    const ones = new Array<number>(spatial).fill(1);
    return {
      weights: [['depthwise_kernel', spatial + 2], ['pointwise_kernel', spatial + 2], ...biasOf(options)],
      rank,
      make: ([depthwise, pointwise, b]) => {
        // TensorFlow.js does not write the multiplier.
        const [channels, multiplier] = depthwise!.shape.slice(spatial) as [number, number];
        const between = channels * multiplier;
        expectShape(
          'depthwise_kernel',
          depthwise!,
          ...size,
          channels,
          settings.count('depth_multiplier', multiplier),
        );
        expectShape('pointwise_kernel', pointwise!, ...ones, between, filters);
        const first = makeConv(spatial, [channels, between], size, {
          ...geometry,
          ...(depthwisePenalty === undefined ? {} : { kernelPenalty: depthwisePenalty }),
          name: 'depthwise',
          bias: false,
          groups: channels,
          ...initialValues(depthwiseKernel(depthwise!, size, between), undefined, between),
        });
        const second = makeConv(spatial, [between, filters], ones, {
          ...options,
          name: 'pointwise',
          ...initialValues(pointwise!, b, filters),
        });
        return new Sequential([first, second], { name });
      },
    };
  };

/** Conv1DTranspose and Conv2DTranspose. */
export const convTranspose =
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
      weights: [['kernel', spatial + 2], ...biasOf(options)],
      rank,
      make: ([kernel, b]) => {
        const channels = kernel!.shape[spatial + 1]!;
        expectShape('kernel', kernel!, ...size, filters, channels);
        const all = {
          ...options,
          ...geometry,
          outputPadding,
          ...initialValues(kernel!, b, filters),
        };
        return spatial === 1
          ? new Conv1DTranspose(channels, filters, size as [number], all as never)
          : new Conv2DTranspose(channels, filters, size as [number, number], all as never);
      },
    };
  };
