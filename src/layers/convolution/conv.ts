import { checkCount } from '../../ir/arguments.ts';
import { conv } from '../../tensor/ops/convolution/conv.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { Convolution, type ConvolutionOptions } from './base.ts';

/** The base of Conv1D, Conv2D and Conv3D. */
abstract class Conv<Spatial extends Shape, In extends number, Out extends number> extends Convolution<
  Spatial,
  In,
  Out
> {
  protected override kernelChannels(): readonly [number, number] {
    return [this.inChannels / this.groups, this.outChannels];
  }

  protected override convolve(x: Tensor): Tensor {
    const { stride, padding, dilation, groups } = this;
    return conv(x, this.kernel as Tensor, { stride, padding, dilation, groups });
  }
}

/**
 * Convolution of sequences: y = activation(x * W + b), from [N, length, inChannels] to [N, length',
 * outChannels]. The kernel W is [kernelSize, inChannels / groups, outChannels], the bias b [outChannels].
 */
export class Conv1D<const In extends number = number, const Out extends number = number> extends Conv<
  [number],
  In,
  Out
> {
  static override readonly kind: string = 'Conv1D';
  constructor(
    inChannels: In,
    outChannels: Out,
    kernelSize: number | [number],
    options: ConvolutionOptions<[number]> = {},
  ) {
    checkCount(new.target.kind, arguments.length, 4);
    super(1, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * Convolution of images: y = activation(x * W + b), from [N, height, width, inChannels] to [N, height',
 * width', outChannels]. The kernel W is [height, width, inChannels / groups, outChannels], the bias b
 * [outChannels]. Channels are the last axis. As in other libraries the kernel is not flipped.
 */
export class Conv2D<const In extends number = number, const Out extends number = number> extends Conv<
  [number, number],
  In,
  Out
> {
  static override readonly kind: string = 'Conv2D';
  constructor(
    inChannels: In,
    outChannels: Out,
    kernelSize: number | [number, number],
    options: ConvolutionOptions<[number, number]> = {},
  ) {
    checkCount(new.target.kind, arguments.length, 4);
    super(2, inChannels, outChannels, kernelSize, options);
  }
}

/**
 * Convolution of volumes, or of videos: y = activation(x * W + b), from [N, depth, height, width, inChannels] to [N, depth',
 * height', width', outChannels]. The kernel W is [depth, height, width, inChannels / groups, outChannels], the bias b
 * [outChannels].
 */
export class Conv3D<const In extends number = number, const Out extends number = number> extends Conv<
  [number, number, number],
  In,
  Out
> {
  static override readonly kind: string = 'Conv3D';
  constructor(
    inChannels: In,
    outChannels: Out,
    kernelSize: number | [number, number, number],
    options: ConvolutionOptions<[number, number, number]> = {},
  ) {
    checkCount(new.target.kind, arguments.length, 4);
    super(3, inChannels, outChannels, kernelSize, options);
  }
}
