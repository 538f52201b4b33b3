import { checkCount, type Known } from '../../ir/arguments.ts';
import { convTranspose, forEachAxis, marginsOf, type Padding } from '../../tensor/ops/convolution/conv.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Convolution, type ConvolutionOptions, convolutionOptions } from './base.ts';

export interface TransposedConvolutionOptions<Spatial extends Shape = Shape>
  extends Omit<ConvolutionOptions<Spatial>, 'padding'> {
  /**
   * What the result lacks of zeros around the input: `valid` (nothing, the default), `same` (it has the input size times the
   * stride), or margins in elements for all spatial axes or each.
   */
  readonly padding?: Padding;
  /**
   * Elements added at the end of the spatial axes (for all or each), which the windows of a convolution with this
   * stride do not reach; 0 by default.
   */
  readonly outputPadding?: number | Spatial;
}

const transposedOptions: Known<TransposedConvolutionOptions> = { ...convolutionOptions, outputPadding: 0 };

/** The base of the transposed convolutions. */
abstract class ConvTranspose<
  Spatial extends Shape,
  In extends number,
  Out extends number,
> extends Convolution<Spatial, In, Out> {
  readonly outputPadding: Shape;

  protected constructor(
    spatial: number,
    inChannels: In,
    outChannels: Out,
    kernelSize: number | Spatial,
    options: TransposedConvolutionOptions<Spatial>,
  ) {
    super(spatial, inChannels, outChannels, kernelSize, options, transposedOptions);
    const { outputPadding = 0 } = options;
    marginsOf(this.type, options.padding, this.kernelSize, this.kernelSize, this.stride, this.dilation);
    this.outputPadding = forEachAxis(this.type, 'outputPadding', outputPadding, spatial, 0);
  }

  protected override kernelChannels(): readonly [number, number] {
    return [this.outChannels / this.groups, this.inChannels];
  }

  protected override convolve(x: Tensor): Tensor {
    const { stride, dilation, groups, outputPadding } = this;
    const padding = this.padding as Padding;
    return convTranspose(x, this.kernel as Tensor, { stride, padding, dilation, groups, outputPadding });
  }
}

/**
 * Transposed convolution of sequences, from [N, length, inChannels] to [N, length', outChannels]. The kernel
 * is [kernelSize, outChannels / groups, inChannels], as that of the convolution whose adjoint this is.
 */
export class Conv1DTranspose<
  const In extends number = number,
  const Out extends number = number,
> extends ConvTranspose<[number], In, Out> {
  static override readonly kind: string = 'Conv1DTranspose';
  constructor(
    inChannels: In,
    outChannels: Out,
    kernelSize: number | [number],
    options: TransposedConvolutionOptions<[number]> = {},
  ) {
    checkCount(new.target.kind, arguments.length, 4);
    super(1, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * Transposed convolution of images, which enlarges them: from [N, height, width, inChannels] to [N,
 * height', width', outChannels], where height' = (height - 1) * stride + kernel height without padding and
 * height * stride with the padding `same`. The kernel is [height, width, outChannels / groups, inChannels],
 * as that of the convolution whose adjoint this is.
 */
export class Conv2DTranspose<
  const In extends number = number,
  const Out extends number = number,
> extends ConvTranspose<[number, number], In, Out> {
  static override readonly kind: string = 'Conv2DTranspose';
  constructor(
    inChannels: In,
    outChannels: Out,
    kernelSize: number | [number, number],
    options: TransposedConvolutionOptions<[number, number]> = {},
  ) {
    checkCount(new.target.kind, arguments.length, 4);
    super(2, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * Transposed convolution of volumes, from [N, depth, height, width, inChannels] to [N, depth', height', width', outChannels]. The
 * kernel is [depth, height, width, outChannels / groups, inChannels], as that of the convolution whose adjoint this is.
 */
export class Conv3DTranspose<
  const In extends number = number,
  const Out extends number = number,
> extends ConvTranspose<[number, number, number], In, Out> {
  static override readonly kind: string = 'Conv3DTranspose';
  constructor(
    inChannels: In,
    outChannels: Out,
    kernelSize: number | [number, number, number],
    options: TransposedConvolutionOptions<[number, number, number]> = {},
  ) {
    checkCount(new.target.kind, arguments.length, 4);
    super(3, inChannels, outChannels, kernelSize, options);
  }
}
