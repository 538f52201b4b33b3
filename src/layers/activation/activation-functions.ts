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
  celu: smooth.celu,
  elu: ops.elu,
  gelu: ops.gelu,
  hardSigmoid: piecewise.hardSigmoid,
  hardSwish: piecewise.hardSwish,
  hardTanh: piecewise.hardTanh,
  leakyRelu: ops.leakyRelu,
  linear: (x) => x,
  logSigmoid: smooth.logSigmoid,
  logSoftmax: ops.logSoftmax,
  mish: smooth.mish,
  relu: ops.relu,
  relu6: piecewise.relu6,
  selu: smooth.selu,
  sigmoid: ops.sigmoid,
  silu: ops.silu,
  softmax: ops.softmax,
  softplus: ops.softplus,
  softsign: ops.softsign,
  tanh,
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
