import { describe } from '../ir/arguments.ts';
import {
  type ActivationFunction,
  type ActivationName,
  activations,
} from '../layers/activation/activation-functions.ts';
import * as ops from '../tensor/ops/elementwise/activation.ts';
import { where } from '../tensor/ops/elementwise/logic.ts';
import { exp, tanh } from '../tensor/ops/elementwise/math.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { isRecord, Refusal, readObject, Settings } from './settings.ts';

/** An activation by its name here, so that models keep it, or as a function. */
export type Chosen = ActivationName | ActivationFunction;

const relu6 = (x: Tensor): Tensor => ops.relu(x).minimum(6);

// The constants of Klambauer et al. 2017.
const selu = (x: Tensor): Tensor => ops.elu(x, 1.6732632423543772).mul(1.0507009873554805);

/** Activations by Keras's names. */
const named: Readonly<Record<string, Chosen>> = {
  celu: 'elu',
  elu: 'elu',
  exponential: (x) => exp(x),
  gelu: 'gelu',
  hard_silu: (x) => x.mul(relu6(x.add(3)).mul(1 / 6)),
  hard_swish: (x) => x.mul(relu6(x.add(3)).mul(1 / 6)),
  leaky_relu: (x) => ops.leakyRelu(x, 0.2),
  linear: 'linear',
  log_softmax: 'logSoftmax',
  mish: (x) => x.mul(tanh(ops.softplus(x))),
  relu: 'relu',
  relu6,
  selu,
  sigmoid: 'sigmoid',
  silu: 'silu',
  softmax: 'softmax',
  softplus: 'softplus',
  softsign: 'softsign',
  swish: 'silu',
  tanh: 'tanh',
};

/** Keras 3 has clip(x / 6 + 1 / 2, 0, 1); Keras 2 and TensorFlow.js have clip(x / 5 + 1 / 2, 0, 1). */
const hardSigmoid =
  (slope: number): ActivationFunction =>
  (x) =>
    x.mul(slope).add(0.5).maximum(0).minimum(1);

/** The layers that are activations, by Keras's classes. */
export const activationLayers: Readonly<Record<string, (settings: Settings) => Chosen>> = {
  ELU: (settings) => {
    const alpha = settings.number('alpha', 1);
    return alpha === 1 ? 'elu' : (x) => ops.elu(x, alpha);
  },
  LeakyReLU: (settings) => {
    const slope = settings.number(settings.get('alpha') === undefined ? 'negative_slope' : 'alpha', 0.3);
    return (x) => ops.leakyRelu(x, slope);
  },
  ReLU: (settings) => {
    const [slope, threshold] = [settings.number('negative_slope', 0), settings.number('threshold', 0)];
    const most = settings.get('max_value') === undefined ? null : settings.number('max_value');
    if (slope === 0 && threshold === 0 && most === null) return 'relu';
    return (x) => {
      const above = most === null ? x : x.minimum(most);
      if (threshold === 0 && slope === 0) return ops.relu(above);
      const below = slope === 0 ? 0 : x.sub(threshold).mul(slope);
      return where(x.greater(threshold), above, below);
    };
  },
  Softmax: (settings) => {
    const axis = settings.get('axis');
    const [only] = Array.isArray(axis) && axis.length === 1 ? axis : [axis ?? -1];
    if (!Number.isInteger(only)) throw new Refusal('several axes');
    return only === -1 ? 'softmax' : (x) => ops.softmax(x, only as number);
  },
};

/**
 * The activation of a layer's configuration: a name, a function or layer of Keras 3 with its class, or nothing.
 *
 * @throws Refusal for all others, such as functions of a program.
 */
export function readActivation(value: unknown, version: number): Chosen | undefined {
  if (value === undefined || value === null) return undefined;
  const found = readObject(value);
  if (found !== null && Object.hasOwn(activationLayers, found.className)) {
    return activationLayers[found.className]!(new Settings(isRecord(found.config) ? found.config : {}));
  }
  const name = found?.className === 'function' ? found.config : value;
  if (name === 'hard_sigmoid') return hardSigmoid(version >= 3 ? 1 / 6 : 0.2);
  if (typeof name !== 'string' || !Object.hasOwn(named, name))
    throw new Refusal(`the activation ${describe(found?.className ?? name)}`);
  const chosen = named[name]!;
  return chosen === 'linear' ? undefined : chosen;
}

/** The function of a chosen activation. */
export const functionOf = (chosen: Chosen): ActivationFunction =>
  typeof chosen === 'function' ? chosen : activations[chosen];
