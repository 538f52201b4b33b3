import { describe } from '../../ir/arguments.ts';
import { Embedding } from '../../layers/embedding/embedding.ts';
import type { Initializer } from '../../layers/initializers/initializer.ts';
import { Bidirectional } from '../../layers/recurrent/bidirectional.ts';
import { GRU, type GRUOptions } from '../../layers/recurrent/gru.ts';
import { LSTM, type LSTMOptions } from '../../layers/recurrent/lstm.ts';
import type { Recurrent, RecurrentOptions } from '../../layers/recurrent/recurrent.ts';
import { SimpleRNN } from '../../layers/recurrent/simple-rnn.ts';
import { zeros } from '../../tensor/creation.ts';
import { slice } from '../../tensor/ops/arrangement/views.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { readActivation } from '../activations.ts';
import { makeConfigured } from '../layers/configured.ts';
import { operations } from '../layers/operations.ts';
import { own, Refusal, readObject, Settings } from '../settings.ts';
import { expectShape, initial, type MakePlan, type PlanInput, type WeightSpec } from './plan.ts';
import { commonOptions, penaltyOf } from './weighted.ts';

type AnyRecurrent = Recurrent<number, number, boolean>;

/** A recurrent layer of Keras. */
interface Cell {
  readonly units: number;
  readonly gates: number;
  readonly options: RecurrentOptions & LSTMOptions & GRUOptions;
  readonly make: new (inputs: number, outputs: number, options: object) => AnyRecurrent;
  readonly weights: readonly WeightSpec[];
  /** What both layers of a Bidirectional have in common. */
  readonly form: string;
}

/** An activation of a recurrent layer: a function if it has no name here, since it cannot be a layer of its own. */
function activationOf(settings: Settings, key: string, byDefault: string, version: number) {
  const chosen = readActivation(settings.get(key) ?? byDefault, version) ?? 'linear';
  return typeof chosen === 'string'
    ? chosen
    : makeConfigured('activation', operations, chosen.className, chosen.settings);
}

/** The initial values until the weights are assigned. */
const none: Initializer = (shape) => zeros(shape);

const classes: Readonly<Record<string, Pick<Cell, 'gates' | 'make'>>> = {
  SimpleRNN: { gates: 1, make: SimpleRNN },
  LSTM: { gates: 4, make: LSTM },
  GRU: { gates: 3, make: GRU },
};

/** @throws Refusal for settings that don't exist here. @param place where its cell is in the layer of the file. */
function cellOf(input: PlanInput, place: string): Cell {
  const { className, settings, version } = input;
  if (!Object.hasOwn(classes, className)) throw new Refusal(`of ${className}`);
  const { gates, make } = classes[className]!;
  for (const key of ['return_state', 'stateful', 'time_major']) settings.only(key, false);
  const { activation: _, ...common } = commonOptions(input);
  const recurrentPenalty = penaltyOf(settings, 'recurrent_regularizer');
  const resetAfter = className === 'GRU' && settings.flag('reset_after', version >= 3);
  const rate = (key: string): number => {
    const value = settings.number(key, 0);
    if (value >= 0 && value < 1) return value;
    throw new Refusal(`${key} ${value}`);
  };
  const units = settings.count('units');
  const plain = {
    ...common,
    returnSequences: settings.flag('return_sequences', false),
    dropout: rate('dropout'),
    recurrentDropout: rate('recurrent_dropout'),
    ...(recurrentPenalty && { recurrentPenalty }),
    ...(className === 'LSTM' && { unitForgetBias: false }),
    ...(className === 'GRU' && { resetAfter }),
  };
  const activations = ['activation', 'recurrent_activation'].map((key) => settings.get(key) ?? null);
  return {
    units,
    gates,
    make,
    form: JSON.stringify([className, units, plain, activations]),
    options: {
      ...plain,
      goBackwards: settings.flag('go_backwards', false),
      activation: activationOf(settings, 'activation', 'tanh', version),
      ...(className !== 'SimpleRNN' && {
        recurrentActivation: activationOf(settings, 'recurrent_activation', 'sigmoid', version),
      }),
    },
    weights: [
      ['kernel', 2, place],
      ['recurrent_kernel', 2, place],
      ...(common.bias ? [['bias', resetAfter ? 2 : 1, place] as const] : []),
    ],
  };
}

/** @throws Refusal unless the weights of a cell fit its settings. */
function checkShapes({ units, gates, weights }: Cell, inputs: number, values: readonly Tensor[]): void {
  const [kernel, recurrent, bias] = values as [Tensor, Tensor, Tensor?];
  const width = gates * units;
  expectShape('kernel', kernel, inputs, width);
  expectShape('recurrent_kernel', recurrent, units, width);
  // The bias of GRU has the recurrent bias as its second row.
  if (bias !== undefined) expectShape('bias', bias, ...(weights[2]![1] === 2 ? [2] : []), width);
}

/** The layer, whose weights are not assigned yet. */
function layerOf({ units, make, options }: Cell, inputs: number): AnyRecurrent {
  const { bias } = options;
  return new make(inputs, units, {
    ...options,
    kernelInitializer: none,
    recurrentInitializer: none,
    ...(bias === false ? {} : { biasInitializer: none }),
  });
}

/** Assigns weights in Keras's order. */
async function assign(layer: AnyRecurrent, values: readonly Tensor[]): Promise<void> {
  const [kernel, recurrent, bias] = values as [Tensor, Tensor, Tensor?];
  await layer.kernel.assign(kernel);
  await layer.recurrentKernel.assign(recurrent);
  if (bias === undefined) return;
  const second = layer instanceof GRU ? layer.recurrentBias : null;
  await layer.bias!.assign(second === null ? bias : slice(bias, 0));
  await second?.assign(slice(bias, 1));
}

const rankOf = ({ options }: Cell): number => (options.returnSequences ? 3 : 2);

/** SimpleRNN, LSTM and GRU. */
export const recurrent: MakePlan = (input) => {
  const cell = cellOf(input, 'cell');
  return {
    weights: cell.weights,
    rank: rankOf(cell),
    make: async (values) => {
      const inputs = values[0]!.shape[0]!;
      checkShapes(cell, inputs, values);
      const layer = layerOf(cell, inputs);
      await assign(layer, values);
      return layer;
    },
  };
};

const merges: Readonly<Record<string, 'concat' | 'sum' | 'mul' | 'average'>> = {
  concat: 'concat',
  sum: 'sum',
  mul: 'mul',
  ave: 'average',
};

export const bidirectional: MakePlan = (input) => {
  const { settings, name } = input;
  const inner = (key: string, place: string): Cell | null => {
    const found = readObject(settings.get(key));
    if (found === null) return null;
    const config = new Settings(Object(found.config));
    return cellOf({ ...input, className: found.className, settings: config, name: '' }, `${place}/cell`);
  };
  const cell = inner('layer', 'forward_layer');
  if (cell === null) throw new Refusal('no layer');
  const back = inner('backward_layer', 'backward_layer');
  const merge = own(merges, settings.get('merge_mode') as string);
  // Without a mode Keras gives two tensors.
  if (merge === undefined) throw new Refusal(`merge_mode ${describe(settings.get('merge_mode') ?? null)}`);
  if (cell.options.goBackwards) throw new Refusal('a layer with go_backwards');
  if (back !== null && back.form !== cell.form) throw new Refusal('a backward_layer with other settings');
  const count = cell.weights.length;
  return {
    weights: [
      ...cell.weights,
      ...cell.weights.map(([weight, axes]) => [weight, axes, 'backward_layer/cell'] as const),
    ],
    rank: rankOf(cell),
    make: async (values) => {
      const inputs = values[0]!.shape[0]!;
      const [there, backwards] = [values.slice(0, count), values.slice(count)];
      for (const part of [there, backwards]) checkShapes(cell, inputs, part);
      const layer = new Bidirectional(layerOf(cell, inputs), { merge: merge as 'concat', name });
      await assign(layer.forwardLayer, there);
      await assign(layer.backwardLayer, backwards);
      return layer;
    },
  };
};

export const embedding: MakePlan = ({ settings, name, rank }) => {
  settings.only('mask_zero', false);
  settings.only('embeddings_regularizer', null);
  settings.only('activity_regularizer', null);
  const [count, features] = [settings.count('input_dim'), settings.count('output_dim')];
  return {
    weights: [['embeddings', 2]],
    rank: rank === null ? null : rank + 1,
    make: ([kernel]) => {
      expectShape('embeddings', kernel!, count, features);
      return new Embedding(count, features, { name, kernelInitializer: initial(kernel!) });
    },
  };
};
