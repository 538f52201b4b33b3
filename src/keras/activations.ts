import { describe, isRecord } from '../ir/arguments.ts';
import { type ActivationName, activations } from '../layers/activation/activation-functions.ts';
import { Activation } from '../layers/activation/activation-layer.ts';
import type { Layer } from '../layers/base/layer.ts';
import { type Configured, configure } from './layers/configured.ts';
import { Operation } from './layers/operation.ts';
import { operations } from './layers/operations.ts';
import { Refusal, readObject, Settings } from './settings.ts';

/** An activation: by its name here, or an operation of this entry. */
export type Chosen = ActivationName | Configured;

/** Activations by Keras's names, where these are not those here in snake case. */
const named: Readonly<Record<string, Chosen>> = {
  exponential: { className: 'exponential', settings: {} },
  hard_silu: 'hardSwish',
  leaky_relu: { className: 'LeakyReLU', settings: { negative_slope: 0.2 } },
  swish: 'silu',
};

/** The names of those whose settings are the defaults here. */
const names: Readonly<Record<string, (settings: Configured['settings']) => ActivationName | null>> = {
  ELU: ({ alpha = 1 }) => (alpha === 1 ? 'elu' : null),
  LeakyReLU: () => null,
  ReLU: ({ negative_slope = 0, threshold = 0, max_value }) =>
    negative_slope !== 0 || threshold !== 0
      ? null
      : max_value === undefined
        ? 'relu'
        : max_value === 6
          ? 'relu6'
          : null,
  Softmax: ({ axis = -1 }) => (String(axis) === '-1' ? 'softmax' : null),
};

/** Keras's layers that are activations. */
export const activationLayers = Object.keys(names);

/** The activation of such a layer. */
export function activationOf(className: string, settings: Settings): Chosen {
  const chosen = configure(operations, className, settings);
  return names[className]!(chosen.settings) ?? chosen;
}

/**
 * The activation of a layer's configuration: a name, a function or layer of Keras 3 with its class, or nothing.
 *
 * @throws Refusal for all others, such as functions of a program.
 */
export function readActivation(value: unknown, version: number): Chosen | undefined {
  if (value === undefined || value === null) return undefined;
  const found = readObject(value);
  if (found !== null && Object.hasOwn(names, found.className))
    return activationOf(found.className, new Settings(isRecord(found.config) ? found.config : {}));
  const name = found?.className === 'function' ? found.config : value;
  if (name === 'hard_sigmoid') return version >= 3 ? 'hardSigmoid' : { className: name, settings: {} };
  if (typeof name === 'string') {
    if (Object.hasOwn(named, name)) return named[name]!;
    const here = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()) as ActivationName;
    if (Object.hasOwn(activations, here)) return here === 'linear' ? undefined : here;
  }
  throw new Refusal(`the activation ${describe(found?.className ?? name)}`);
}

/** An activation as a layer. */
export const activationLayer = (chosen: Chosen, name: string): Layer =>
  typeof chosen === 'string'
    ? new Activation(chosen, { name })
    : new Operation(chosen.className, chosen.settings, name);
