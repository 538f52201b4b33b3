import type { Layer } from '../../layers/base/layer.ts';
import { Conv1D, Conv2D, Conv3D } from '../../layers/convolution/conv.ts';
import {
  Conv1DTranspose,
  Conv2DTranspose,
  Conv3DTranspose,
} from '../../layers/convolution/conv-transpose.ts';
import { SeparableConv1D, SeparableConv2D } from '../../layers/convolution/separable.ts';
import { reshape } from '../../tensor/ops/arrangement/views.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Refusal, type Settings } from '../settings.ts';
import { channelsLast, expectShape, initial, type MakePlan } from './plan.ts';
import { biasOf, commonOptions, initialValues } from './weighted.ts';

/** The geometry of a convolution over `spatial` axes. */
function geometryOf(settings: Settings, spatial: number) {
  channelsLast(settings);
  const size = settings.counts('kernel_size', spatial);
  const dilation = settings.counts('dilation_rate', spatial, 1);
  settings.only('padding', 'valid', 'same', ...(spatial === 1 ? ['causal'] : []));
  const padding = settings.get('padding') ?? 'valid';
  return { size, options: { stride: settings.counts('strides', spatial, 1), dilation, padding } };
}

type Make = new (inputs: number, outputs: number, size: never, options: never) => Layer;

/** A layer of `spatial` axes, of a list of classes for one axis, two and three. */
const make = (
  classes: readonly Make[],
  spatial: number,
  [inputs, outputs]: readonly [number, number],
  size: readonly number[],
  options: object,
): Layer => new classes[spatial - 1]!(inputs, outputs, size as never, options as never);

const convolutions = [Conv1D, Conv2D, Conv3D];

/** Conv1D, Conv2D and Conv3D. */
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
        return make(convolutions, spatial, [per * groups, filters], size, {
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
        return make(convolutions, spatial, [channels, outputs], size, {
          ...options,
          ...geometry,
          groups: channels,
          ...initialValues(depthwiseKernel(kernel!, size, outputs), b, outputs),
        });
      },
    };
  };

/** SeparableConv1D and SeparableConv2D. */
export const separableConv =
  (spatial: number): MakePlan =>
  (input) => {
    const { settings, rank } = input;
    const filters = settings.count('filters');
    const { size, options: geometry } = geometryOf(settings, spatial);
    const { kernelPenalty: depthwisePenalty } = commonOptions(input, 'depthwise');
    const options = commonOptions(input, 'pointwise');
    const ones = new Array<number>(spatial).fill(1);
    return {
      weights: [['depthwise_kernel', spatial + 2], ['pointwise_kernel', spatial + 2], ...biasOf(options)],
      rank,
      make: ([depthwise, pointwise, b]) => {
        // TensorFlow.js does not write the multiplier.
        const [channels, multiplier] = depthwise!.shape.slice(spatial) as [number, number];
        const between = channels * multiplier;
        const depthMultiplier = settings.count('depth_multiplier', multiplier);
        expectShape('depthwise_kernel', depthwise!, ...size, channels, depthMultiplier);
        expectShape('pointwise_kernel', pointwise!, ...ones, between, filters);
        return make([SeparableConv1D, SeparableConv2D], spatial, [channels, filters], size, {
          ...options,
          ...geometry,
          depthMultiplier,
          depthwiseInitializer: initial(depthwiseKernel(depthwise!, size, between)),
          ...(depthwisePenalty === undefined ? {} : { depthwisePenalty }),
          ...initialValues(pointwise!, b, filters),
        });
      },
    };
  };

/** Conv1DTranspose, Conv2DTranspose and Conv3DTranspose. */
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
        return make(
          [Conv1DTranspose, Conv2DTranspose, Conv3DTranspose],
          spatial,
          [channels, filters],
          size,
          all,
        );
      },
    };
  };
