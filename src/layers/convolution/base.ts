import { checkOptions, type Known } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import { checkTensor } from '../../tensor/apply.ts';
import { convMargins, forEachAxis, type Padding } from '../../tensor/ops/convolution/conv.ts';
import { Parameter } from '../../tensor/parameter.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import {
  type ActivationFunction,
  type ActivationName,
  chooseOptional,
} from '../activation/activation-functions.ts';
import { shapeError, showPartial } from '../base/errors.ts';
import { Layer } from '../base/layer.ts';
import type { PartialShape } from '../base/shapes.ts';
import { checkPositive, checkRank, layout, resized } from '../base/spatial.ts';
import { refuseUnused } from '../base/unused-options.ts';
import { type DenseOptions, denseOptions } from '../dense.ts';
import { draw } from '../initializers/initializers.ts';

export interface ConvolutionOptions<Spatial extends Shape = Shape> extends DenseOptions {
  /** The distance between the starts of adjacent windows, in elements, for all spatial axes or each; 1 by default. */
  readonly stride?: number | Spatial;
  /**
   * Zeros around the input: `valid` (none, the default), `same` (the output size is the input size divided by the
   * stride, rounded up), or margins in elements for all spatial axes or each. `causal`, for sequences: zeros in front only, so
   * that a result depends on its step and earlier ones.
   */
  readonly padding?: Padding | ([number] extends Spatial ? 'causal' : never);
  /** The distance between adjacent elements of a window, for all spatial axes or each; 1 by default. */
  readonly dilation?: number | Spatial;
  /**
   * The number of groups of channels, each convolved separately; 1 by default, `inChannels` for a depthwise
   * convolution.
   */
  readonly groups?: number;
}

export const convolutionOptions: Known<ConvolutionOptions> = {
  ...denseOptions,
  stride: 0,
  padding: 0,
  dilation: 0,
  groups: 0,
};

/** The base of the layers of convolutions and transposed convolutions. */
export abstract class Convolution<Spatial extends Shape, In extends number, Out extends number> extends Layer<
  [number, ...Spatial, In],
  [number, ...Spatial, Out]
> {
  readonly inChannels: In;
  readonly outChannels: Out;
  readonly kernelSize: Shape;
  readonly stride: Shape;
  readonly padding: Padding | 'causal';
  readonly dilation: Shape;
  readonly groups: number;
  readonly kernel: Parameter<[...Spatial, number, number]>;
  readonly bias: Parameter<[Out]> | null;
  readonly activation: ActivationFunction | null;
  /** The name of the activation if it was given by name, else null. */
  readonly activationName: ActivationName | null;

  protected constructor(
    spatial: number,
    inChannels: In,
    outChannels: Out,
    kernelSize: number | Spatial,
    options: ConvolutionOptions<Spatial>,
    known: object = convolutionOptions,
  ) {
    checkOptions(new.target.kind, options, known);
    super(options.name, [inChannels, outChannels, kernelSize, options]);
    const { padding = 'valid', groups = 1, stride = 1, dilation = 1 } = options;
    const { kernelInitializer = 'glorotUniform', biasInitializer = 'zeros' } = options;
    checkPositive(this, 'inChannels', inChannels);
    checkPositive(this, 'outChannels', outChannels);
    checkPositive(this, 'groups', groups);
    refuseUnused(this.type, options, 'bias', 'bias');
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new ValueError(
        `[${this.type}] got ${groups} groups for inChannels ${inChannels} and outChannels ${outChannels}, ` +
          'wanted a divisor of both.',
      );
    }
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.kernelSize = forEachAxis(this.type, 'kernelSize', kernelSize, spatial, 1);
    this.stride = forEachAxis(this.type, 'stride', stride, spatial, 1);
    this.dilation = forEachAxis(this.type, 'dilation', dilation, spatial, 1);
    // Refuses a bad padding now, not at the first input.
    convMargins(this.type, padding, this.kernelSize, this.kernelSize, this.stride, this.dilation);
    this.padding = padding;
    this.groups = groups;
    const shape = [...this.kernelSize, ...this.kernelChannels()] as [...Spatial, number, number];
    this.kernel = new Parameter(draw(this.type, kernelInitializer, shape, options.rng) as never, {
      name: 'kernel',
    });
    this.bias =
      options.bias === false
        ? null
        : new Parameter(draw(this.type, biasInitializer, [outChannels], options.rng), {
            name: 'bias',
          });
    [this.activation, this.activationName] = chooseOptional(this.type, options.activation);
    this.penalize(this.kernel, options.kernelPenalty);
    if (this.bias !== null) this.penalize(this.bias, options.biasPenalty);
  }

  /** The last two axes of the kernel. */
  protected abstract kernelChannels(): readonly [number, number];

  /** The convolution without bias and activation. */
  protected abstract convolve(x: Tensor): Tensor;

  override inferShape(inputShape: PartialShape | null): PartialShape {
    if (inputShape !== null) checkInput(this, inputShape, this.kernelSize.length, this.inChannels);
    return [...resized(inputShape, this.kernelSize.length).slice(0, -1), this.outChannels];
  }

  override forward(x: Tensor<[number, ...Spatial, In]>): Tensor<[number, ...Spatial, Out]> {
    checkTensor(this.type, x);
    checkInput(this, x.shape, this.kernelSize.length, this.inChannels);
    const y = this.convolve(x as Tensor);
    const sum = this.bias === null ? y : y.add(this.bias as Tensor);
    return (this.activation === null ? sum : this.activation(sum)) as Tensor<[number, ...Spatial, Out]>;
  }
}

/** @throws ShapeError unless an input of the shape fits a convolution over `spatial` axes. */
export function checkInput(layer: Layer, shape: PartialShape, spatial: number, inChannels: number): void {
  checkRank(layer, shape, spatial);
  const channels = shape.at(-1) ?? inChannels;
  if (channels === inChannels) return;
  const remedy =
    shape[1] === inChannels
      ? 'Channels are the last axis: transpose the data.'
      : `Give ${layout(spatial, inChannels)}, or create the layer with inChannels ${channels}.`;
  throw shapeError(layer, `input ${showPartial(shape)} does not fit inChannels ${inChannels}. ${remedy}`);
}
