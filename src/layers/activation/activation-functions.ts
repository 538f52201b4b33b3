import * as ops from '../../tensor/ops/elementwise/activation.ts';
import { tanh } from '../../tensor/ops/elementwise/math.ts';
import * as piecewise from '../../tensor/ops/elementwise/piecewise-activation.ts';
import * as smooth from '../../tensor/ops/elementwise/smooth-activation.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { choose } from '../base/choose.ts';

/** A function of each element or each row that keeps the shape. */
export type ActivationFunction = (x: Tensor) => Tensor;

/** The activations by name, with their default options. */
export const activations = {
  celu: (x) => smooth.celu(x),
  elu: (x) => ops.elu(x),
  gelu: (x) => ops.gelu(x),
  hardSigmoid: (x) => piecewise.hardSigmoid(x),
  hardSwish: (x) => piecewise.hardSwish(x),
  hardTanh: (x) => piecewise.hardTanh(x),
  leakyRelu: (x) => ops.leakyRelu(x),
  linear: (x) => x,
  logSigmoid: (x) => smooth.logSigmoid(x),
  logSoftmax: (x) => ops.logSoftmax(x),
  mish: (x) => smooth.mish(x),
  relu: (x) => ops.relu(x),
  relu6: (x) => piecewise.relu6(x),
  selu: (x) => smooth.selu(x),
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
