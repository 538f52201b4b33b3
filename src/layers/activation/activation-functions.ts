import * as ops from '../../tensor/ops/elementwise/activation.ts';
import { tanh } from '../../tensor/ops/elementwise/math.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { choose } from '../base/choose.ts';

/** A function of each element or each row that keeps the shape. */
export type ActivationFunction = (x: Tensor) => Tensor;

/** The activations by name, with their default options. */
export const activations = {
  elu: (x) => ops.elu(x),
  gelu: (x) => ops.gelu(x),
  leakyRelu: (x) => ops.leakyRelu(x),
  linear: (x) => x,
  logSoftmax: (x) => ops.logSoftmax(x),
  relu: (x) => ops.relu(x),
  sigmoid: (x) => ops.sigmoid(x),
  silu: (x) => ops.silu(x),
  softmax: (x) => ops.softmax(x),
  softplus: (x) => ops.softplus(x),
  softsign: (x) => ops.softsign(x),
  tanh: (x) => tanh(x),
} satisfies Record<string, ActivationFunction>;

export type ActivationName = keyof typeof activations;

/** An activation and its name; null for the name if it was given as a function. */
export type NamedActivation = readonly [ActivationFunction, ActivationName | null];

/** The activation of an option. */
export const chooseActivation = (
  layer: string,
  option: ActivationName | ActivationFunction,
): NamedActivation =>
  typeof option === 'function'
    ? [option, null]
    : [choose<ActivationFunction>(layer, 'activation', activations, option), option];

/** The activation of an option that may be absent. */
export const chooseOptional = (
  layer: string,
  option: ActivationName | ActivationFunction | undefined,
): NamedActivation | readonly [null, null] =>
  option === undefined ? [null, null] : chooseActivation(layer, option);
