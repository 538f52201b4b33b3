import { checkCount, checkOptions, type Known, refusal } from '../ir/arguments.ts';
import { checkTensor } from '../tensor/apply.ts';
import { Parameter } from '../tensor/parameter.ts';
import type { Generator } from '../tensor/random.ts';
import type { Shape } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import {
  type ActivationFunction,
  type ActivationName,
  chooseOptional,
} from './activation/activation-functions.ts';
import { shapeError, showPartial } from './base/errors.ts';
import { Layer } from './base/layer.ts';
import type { Penalty } from './base/penalty.ts';
import type { PartialShape } from './base/shapes.ts';
import { refuseUnused } from './base/unused-options.ts';
import type { Initializer } from './initializers/initializer.ts';
import { draw, type InitializerName } from './initializers/initializers.ts';

/** Options of layers that have a kernel and a bias. */
export interface DenseOptions {
  /** The activation of the result, by name or as a function; none by default. */
  readonly activation?: ActivationName | ActivationFunction;
  /** Whether a bias is added; true by default. Before a BatchNorm it has no effect. */
  readonly bias?: boolean;
  /** The initial values of the kernel; `glorotUniform` by default. */
  readonly kernelInitializer?: InitializerName | Initializer;
  /** The initial values of the bias; `zeros` by default. */
  readonly biasInitializer?: InitializerName | Initializer;
  /** A penalty on the kernel that is added to the loss; none by default. */
  readonly kernelPenalty?: Penalty;
  /** A penalty on the bias that is added to the loss; none by default. */
  readonly biasPenalty?: Penalty;
  /** The layer's name in errors, summaries and paths; none by default. */
  readonly name?: string;
  /** The generator of the initial values; the default generator by default. */
  readonly rng?: Generator;
}

export const denseOptions: Known<DenseOptions> = {
  activation: 0,
  bias: true,
  kernelInitializer: 0,
  biasInitializer: 0,
  kernelPenalty: 0,
  biasPenalty: 0,
  name: '',
  rng: 0,
};

/** The shape `S` with a last axis of size `Last`. Unknown if S has any number of axes, [number, Last] without an input. */
type WithLast<S, Last extends number> = S extends Shape
  ? number extends S['length']
    ? Shape
    : S extends readonly [number, ...infer Lead extends Shape, number]
      ? [S[0], ...Lead, Last]
      : [number, Last]
  : [number, Last];

/**
 * A fully connected layer: y = activation(x W + b), from [N, ..., inFeatures] to [N, ..., outFeatures]. The kernel W is
 * [inFeatures, outFeatures], the bias b is [outFeatures]. It is applied along the last axis: on sequences [N, T, inFeatures]
 * to each step alone.
 */
export class Dense<const In extends number = number, const Out extends number = number> extends Layer {
  static override readonly kind: string = 'Dense';
  declare readonly takes: WithLast<this['given'], In>;
  declare readonly gives: WithLast<this['given'], Out>;
  readonly inFeatures: In;
  readonly outFeatures: Out;
  readonly kernel: Parameter<[In, Out]>;
  readonly bias: Parameter<[Out]> | null;
  readonly activation: ActivationFunction | null;
  /** The name of the activation if it was given by name, else null. */
  readonly activationName: ActivationName | null;

  constructor(inFeatures: In, outFeatures: Out, options: DenseOptions = {}) {
    checkCount(new.target.kind, arguments.length, 3);
    checkOptions(new.target.kind, options, denseOptions);
    super(options.name, arguments);
    const { kernelInitializer = 'glorotUniform', biasInitializer = 'zeros' } = options;
    checkFeatures('inFeatures', inFeatures);
    checkFeatures('outFeatures', outFeatures);
    refuseUnused(this.type, options, 'bias', 'bias');
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.kernel = new Parameter(draw(this.type, kernelInitializer, [inFeatures, outFeatures], options.rng), {
      name: 'kernel',
    });
    this.bias =
      options.bias === false
        ? null
        : new Parameter(draw(this.type, biasInitializer, [outFeatures], options.rng), {
            name: 'bias',
          });
    [this.activation, this.activationName] = chooseOptional(this.type, options.activation);
    this.penalize(this.kernel, options.kernelPenalty);
    if (this.bias !== null) this.penalize(this.bias, options.biasPenalty);
  }

  override inputShape(): readonly number[] {
    return [this.inFeatures];
  }

  override inferShape(inputShape: PartialShape | null): PartialShape | null {
    if (inputShape !== null) this.#check(inputShape);
    return inputShape === null ? null : [...inputShape.slice(0, -1), this.outFeatures];
  }

  override inferFeatures(features: number | null): number {
    this.#check([null, features]);
    return this.outFeatures;
  }

  override forward(x: Tensor): Tensor {
    checkTensor(this.type, x);
    this.#check(x.shape);
    const product = x.matmul(this.kernel as Tensor);
    const sum = this.bias === null ? product : product.add(this.bias as Tensor);
    return this.activation === null ? sum : this.activation(sum);
  }

  #check(shape: PartialShape): void {
    if (shape.length >= 2 && (shape.at(-1) ?? this.inFeatures) === this.inFeatures) return;
    const wanted = `inFeatures ${this.inFeatures}`;
    const remedy =
      shape.length < 2
        ? `Give [N, ${this.inFeatures}]: use reshape([1, -1]) for a single sample.`
        : shape.length === 2
          ? `Give [N, ${this.inFeatures}], or create the layer with inFeatures ${shape[1]}.`
          : `Give [N, ..., ${this.inFeatures}], or use Flatten to make [N, features] of it.`;
    throw shapeError(this, `input ${showPartial(shape)} does not fit ${wanted}. ${remedy}`);
  }
}

function checkFeatures(name: string, n: number): void {
  if (!Number.isInteger(n) || n < 1) {
    throw refusal('Dense', name, n, 'a whole number from 1 up');
  }
}
