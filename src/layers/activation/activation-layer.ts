import { checkCount, readOptions } from '../../ir/arguments.ts';
import { checkTensor } from '../../tensor/apply.ts';
import { show } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { shapeError } from '../base/errors.ts';
import { Layer } from '../base/layer.ts';
import type { Kept } from '../base/shapes.ts';
import { type ActivationFunction, type ActivationName, chooseActivation } from './activation-functions.ts';

export interface ActivationOptions {
  /** The layer's name in errors, summaries and paths; none by default. */
  readonly name?: string;
}

/**
 * Applies an activation: `new Activation('relu')`, or any function that keeps the shape: `new Activation((x) =>
 * x.leakyRelu(0.2))`.
 */
export class Activation extends Layer {
  static override readonly kind: string = 'Activation';
  readonly activation: ActivationFunction;
  /** The name of the activation if it was given by name, else null. */
  readonly activationName: ActivationName | null;
  declare readonly gives: Kept<this['given']>;

  constructor(activation: ActivationName | ActivationFunction, options?: ActivationOptions) {
    checkCount(new.target.kind, arguments.length, 2);
    super(readOptions(new.target.kind, options, { name: '' }).name, arguments);
    [this.activation, this.activationName] = chooseActivation('Activation', activation);
  }

  override get type(): string {
    const name = this.activationName ?? this.activation.name;
    return name === '' ? 'Activation' : `Activation(${name})`;
  }

  override get keepsShape(): boolean {
    return true;
  }

  override forward(x: Tensor): Tensor {
    checkTensor(this.type, x);
    const y = this.activation(x);
    checkTensor(this.type, y);
    if (show(y.shape) !== show(x.shape)) {
      throw shapeError(
        this,
        `the function returned ${show(y.shape)} for ${show(x.shape)}, wanted the same shape. Write a custom Layer for it.`,
      );
    }
    return y;
  }
}
