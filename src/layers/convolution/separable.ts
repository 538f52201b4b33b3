import { checkCount, checkOptions, type Known, reportAs } from '../../ir/arguments.ts';
import { checkTensor } from '../../tensor/apply.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Context } from '../base/context.ts';
import { Layer } from '../base/layer.ts';
import type { Penalty } from '../base/penalty.ts';
import type { PartialShape } from '../base/shapes.ts';
import { checkPositive } from '../base/spatial.ts';
import { denseOptions } from '../dense.ts';
import type { Initializer } from '../initializers/initializer.ts';
import type { InitializerName } from '../initializers/initializers.ts';
import { type ConvolutionOptions, checkInput } from './base.ts';
import { Conv1D, Conv2D } from './conv.ts';

/** Those of the kernel and the bias are for the pointwise convolution, stride, padding and dilation for the depthwise one. */
export interface SeparableConvolutionOptions<Spatial extends Shape = Shape>
  extends Omit<ConvolutionOptions<Spatial>, 'groups'> {
  /** The number of results of the depthwise convolution for each channel; 1 by default. */
  readonly depthMultiplier?: number;
  /** The initial values of the depthwise kernel; `glorotUniform` by default. */
  readonly depthwiseInitializer?: InitializerName | Initializer;
  /** A penalty on the depthwise kernel that is added to the loss; none by default. */
  readonly depthwisePenalty?: Penalty;
}

const separableOptions: Known<SeparableConvolutionOptions> = {
  ...denseOptions,
  ...{ stride: 0, padding: 0, dilation: 0, depthMultiplier: 0, depthwiseInitializer: 0, depthwisePenalty: 0 },
};

type Convolutional<Spatial extends Shape, In extends number, Out extends number> = Layer<
  [number, ...Spatial, In],
  [number, ...Spatial, Out]
>;

/**
 * The base of the separable convolutions.
 *
 * @param make the convolution of one spatial axis or two.
 */
abstract class SeparableConv<Spatial extends Shape, In extends number, Out extends number> extends Layer<
  [number, ...Spatial, In],
  [number, ...Spatial, Out]
> {
  readonly inChannels: In;
  readonly outChannels: Out;
  readonly depthMultiplier: number;
  readonly depthwise: Convolutional<Spatial, In, number>;
  readonly pointwise: Convolutional<Spatial, number, Out>;
  readonly #spatial: number;

  protected constructor(
    spatial: number,
    make: (
      inChannels: number,
      outChannels: number,
      size: number | Spatial,
      options: ConvolutionOptions<Spatial>,
    ) => unknown,
    inChannels: In,
    outChannels: Out,
    kernelSize: number | Spatial,
    options: SeparableConvolutionOptions<Spatial>,
  ) {
    checkOptions(new.target.kind, options, separableOptions);
    super(options.name, [inChannels, outChannels, kernelSize, options]);
    const { depthMultiplier = 1, depthwiseInitializer, depthwisePenalty, ...rest } = options;
    const { stride = 1, padding = 'valid', dilation = 1, name: _, ...pointwise } = rest;
    checkPositive(this, 'inChannels', inChannels);
    checkPositive(this, 'depthMultiplier', depthMultiplier);
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.depthMultiplier = depthMultiplier;
    this.#spatial = spatial;
    const between = inChannels * depthMultiplier;
    const depthwise = {
      ...{ stride, padding, dilation, groups: inChannels, bias: false },
      ...(options.rng === undefined ? {} : { rng: options.rng }),
      ...(depthwiseInitializer === undefined ? {} : { kernelInitializer: depthwiseInitializer }),
      ...(depthwisePenalty === undefined ? {} : { kernelPenalty: depthwisePenalty }),
    } as ConvolutionOptions<Spatial>;
    const build = (
      inputs: number,
      outputs: number,
      size: number | Spatial,
      given: ConvolutionOptions<Spatial>,
    ) => reportAs(this.type, () => make(inputs, outputs, size, given)) as never;
    this.depthwise = build(inChannels, between, kernelSize, depthwise);
    this.pointwise = build(between, outChannels, 1, pointwise);
  }

  override inferShape(inputShape: PartialShape | null): PartialShape | null {
    if (inputShape !== null) checkInput(this, inputShape, this.#spatial, this.inChannels);
    return this.pointwise.inferShape(this.depthwise.inferShape(inputShape));
  }

  override forward(x: Tensor<[number, ...Spatial, In]>, ctx: Context): Tensor<[number, ...Spatial, Out]> {
    checkTensor(this.type, x);
    checkInput(this, x.shape, this.#spatial, this.inChannels);
    const between = (this.depthwise as Layer).call(x as Tensor, ctx);
    return (this.pointwise as Layer).call(between, ctx) as Tensor as Tensor<[number, ...Spatial, Out]>;
  }
}

/**
 * Separable convolution of sequences (Chollet 2017): a convolution of each channel by itself, then one of size 1 that combines the
 * channels: y = activation((x * D) * W + b), from [N, length, inChannels] to [N, length', outChannels]. The kernel D of `depthwise`
 * is [kernelSize, 1, inChannels * depthMultiplier], the kernel W of `pointwise` [1, inChannels * depthMultiplier, outChannels].
 */
export class SeparableConv1D<
  const In extends number = number,
  const Out extends number = number,
> extends SeparableConv<[number], In, Out> {
  static override readonly kind: string = 'SeparableConv1D';
  constructor(
    inChannels: In,
    outChannels: Out,
    kernelSize: number | [number],
    options: SeparableConvolutionOptions<[number]> = {},
  ) {
    checkCount(new.target.kind, arguments.length, 4);
    super(1, (...args) => new Conv1D(...args), inChannels, outChannels, kernelSize, options);
  }
}

/**
 * Separable convolution of images (Chollet 2017): a convolution of each channel by itself, then one of size 1 x 1 that combines the
 * channels: y = activation((x * D) * W + b), from [N, height, width, inChannels] to [N, height', width', outChannels]. The kernel D
 * of `depthwise` is [height, width, 1, inChannels * depthMultiplier], the kernel W of `pointwise` [1, 1, inChannels *
 * depthMultiplier, outChannels].
 */
export class SeparableConv2D<
  const In extends number = number,
  const Out extends number = number,
> extends SeparableConv<[number, number], In, Out> {
  static override readonly kind: string = 'SeparableConv2D';
  constructor(
    inChannels: In,
    outChannels: Out,
    kernelSize: number | [number, number],
    options: SeparableConvolutionOptions<[number, number]> = {},
  ) {
    checkCount(new.target.kind, arguments.length, 4);
    super(2, (...args) => new Conv2D(...args), inChannels, outChannels, kernelSize, options);
  }
}
