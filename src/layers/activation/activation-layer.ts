import { show } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { choose } from '../base/choose.ts';
import { shapeError } from '../base/errors.ts';
import { Layer } from '../base/layer.ts';
import type { Kept } from '../base/shapes.ts';
import { type ActivationFunction, type ActivationName, activations } from './activation-functions.ts';

export interface ActivationOptions {
  readonly name?: string;
}

/**
 * An activation as a layer of its own: `new Activation('relu')`, or any function that keeps the shape:
 * `new Activation((x) => x.leakyRelu(0.2))`.
 */
export class Activation extends Layer {
  readonly activation: ActivationFunction;
  readonly #title: string;
  declare readonly gives: Kept<this['given']>;

  constructor(activation: ActivationName | ActivationFunction, options: ActivationOptions = {}) {
    super(options.name);
    this.activation = toActivation(activation);
    this.#title = typeof activation === 'string' ? activation : activation.name;
  }

  override get type(): string {
    return this.#title ? `Activation(${this.#title})` : 'Activation';
  }

  override get keepsShape(): boolean {
    return true;
  }

  override forward(x: Tensor): Tensor {
    const y = this.activation(x);
    if (show(y.shape) !== show(x.shape)) {
      throw shapeError(
        this,
        `the function made ${show(y.shape)} of ${show(x.shape)}, wanted the same shape. Write a Layer of its own for it.`,
      );
    }
    return y;
  }
}

/** The activation of that name, or the function itself. */
export function toActivation(activation: ActivationName | ActivationFunction): ActivationFunction {
  return typeof activation === 'function'
    ? activation
    : choose<ActivationFunction>('activation', activations, activation);
}
