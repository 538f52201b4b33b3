import { describe, isRecord } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import { type Json, own, readObject, Settings, shown } from './settings.ts';

/** A tensor of a functional model: the output of a call of a layer. */
export interface Source {
  readonly layer: string;
  readonly call: number;
}

/** A layer or an inner model, with the calls in a functional model: the inputs of each. */
export interface LayerConfig {
  readonly className: string;
  /** The name in the file. */
  readonly name: string;
  readonly settings: Settings;
  readonly trainable: boolean;
  readonly calls: readonly (readonly Source[])[];
  /** Whether a call sets `training`, against the mode of the model. */
  readonly setsTraining: boolean;
  /** The shape of the input with the batch axis, if the file has it; null is an unknown dimension. */
  readonly inputShape: readonly (number | null)[] | null;
  /** An inner model. */
  readonly model: ModelConfig | null;
}

/** The architecture of a Keras model. */
export interface ModelConfig {
  readonly kind: 'Sequential' | 'Functional';
  readonly name: string;
  readonly trainable: boolean;
  readonly layers: readonly LayerConfig[];
  readonly inputs: readonly Source[];
  readonly outputs: readonly Source[];
}

const MAX_DEPTH = 64;
const kinds = new Map([
  ['Sequential', 'Sequential'],
  ['Functional', 'Functional'],
  ['Model', 'Functional'],
] as const);

/**
 * The model of `config.json` in a `.keras` file, of the attribute `model_config` in a `.h5` file, or of `modelTopology` in a
 * `model.json` of TensorFlow.js: of Keras 2 and 3.
 *
 * @throws ValueError for anything else.
 */
export function readModel(operation: string, value: unknown): ModelConfig {
  const model = modelOf(operation, value, 0);
  if (model !== null) return model;
  const found = readObject(value);
  throw new ValueError(
    `[${operation}] got a model of the class ${describe(found?.className)}, wanted a Sequential or functional model. A subclassed ` +
      'model is a Python program: load only its weights.',
  );
}

function modelOf(operation: string, value: unknown, depth: number): ModelConfig | null {
  const found = readObject(value);
  const kind = kinds.get(found?.className as 'Model');
  if (found === null || kind === undefined) return null;
  if (depth > MAX_DEPTH)
    throw fault(operation, `models inside models, ${depth} deep`, `at most ${MAX_DEPTH}`);
  // The oldest Sequential models are a list of layers.
  const config: Json = Array.isArray(found.config)
    ? { layers: found.config }
    : isRecord(found.config)
      ? found.config
      : {};
  const layers = own(config, 'layers');
  if (!Array.isArray(layers)) throw fault(operation, `a ${kind} model without layers`, 'a list of layers');
  const name = own(config, 'name');
  return {
    kind,
    name: typeof name === 'string' ? name : '',
    trainable: own(config, 'trainable') !== false,
    layers: layers.map((layer) => layerOf(operation, layer, kind, depth)),
    inputs: kind === 'Sequential' ? [] : endsOf(operation, own(config, 'input_layers')),
    outputs: kind === 'Sequential' ? [] : endsOf(operation, own(config, 'output_layers')),
  };
}

function layerOf(operation: string, value: unknown, kind: ModelConfig['kind'], depth: number): LayerConfig {
  const found = readObject(value);
  if (found === null)
    throw fault(operation, `the layer ${describe(value)}`, 'an object with class_name and config');
  const record = value as Json;
  const config = isRecord(found.config) ? found.config : {};
  const name = own(record, 'name') ?? own(config, 'name') ?? '';
  if (typeof name !== 'string') throw fault(operation, `a layer with the name ${describe(name)}`, 'a text');
  const build = own(record, 'build_config');
  const shape =
    own(config, 'batch_shape') ??
    own(config, 'batch_input_shape') ??
    (isRecord(build) ? own(build, 'input_shape') : null);
  const isShape = Array.isArray(shape) && shape.every((d) => d === null || (Number.isInteger(d) && d >= 0));
  return {
    className: found.className,
    name,
    settings: new Settings(config),
    trainable: own(config, 'trainable') !== false,
    ...(kind === 'Sequential'
      ? { calls: [], setsTraining: false }
      : callsOf(operation, name, own(record, 'inbound_nodes'))),
    inputShape: isShape ? shape : null,
    model: modelOf(operation, value, depth + 1),
  };
}

/** `['dense', 0, 0]`, with more after it in Keras 2. */
function sourceOf(operation: string, value: unknown): Source {
  const [layer, call, output]: unknown[] = Array.isArray(value) ? value : [];
  const isCall = Number.isInteger(call) && (call as number) >= 0;
  if (typeof layer === 'string' && isCall && output === 0) return { layer, call: call as number };
  throw fault(operation, `the tensor ${shown(value)} of a functional model`, '[layer, call, 0]');
}

/** The inputs or outputs of a functional model: a list of tensors, or the only one. */
function endsOf(operation: string, value: unknown): Source[] {
  if (isRecord(value)) return Object.values(value).map((item) => sourceOf(operation, item));
  if (!Array.isArray(value)) throw fault(operation, 'a functional model without inputs or outputs', 'both');
  return typeof value[0] === 'string'
    ? [sourceOf(operation, value)]
    : value.map((item) => sourceOf(operation, item));
}

/** The calls of a layer. Keras 3: { args, kwargs }, with tensors at any place. Keras 2: a list of [layer, call, 0, kwargs]. */
function callsOf(
  operation: string,
  name: string,
  value: unknown,
): Pick<LayerConfig, 'calls' | 'setsTraining'> {
  const list = value ?? [];
  if (!Array.isArray(list)) throw fault(operation, `the calls of the layer ${describe(name)}`, 'a list');
  let setsTraining = false;
  const look = (kwargs: unknown): unknown[] => {
    if (!isRecord(kwargs)) return [];
    setsTraining ||= typeof own(kwargs, 'training') === 'boolean';
    return Object.values(kwargs);
  };
  const calls = list.map((call) => {
    if (isRecord(call)) return tensorsIn(operation, [own(call, 'args'), look(own(call, 'kwargs'))], 0);
    if (!Array.isArray(call))
      throw fault(operation, `a call of the layer ${describe(name)}`, 'a list or an object');
    return (typeof call[0] === 'string' ? [call] : call).map((item: unknown) => {
      if (Array.isArray(item)) look(item[3]);
      return sourceOf(operation, item);
    });
  });
  return { calls, setsTraining };
}

function tensorsIn(operation: string, value: unknown, depth: number): Source[] {
  if (depth > MAX_DEPTH)
    throw fault(operation, `arguments inside arguments, ${depth} deep`, `at most ${MAX_DEPTH}`);
  if (Array.isArray(value)) return value.flatMap((item) => tensorsIn(operation, item, depth + 1));
  const found = readObject(value);
  if (found?.className !== '__keras_tensor__' || !isRecord(found.config)) return [];
  return [sourceOf(operation, own(found.config, 'keras_history'))];
}

const fault = (operation: string, got: string, wanted: string): ValueError =>
  new ValueError(
    `[${operation}] got ${got}, wanted ${wanted}. The file is damaged, or of an unknown version of Keras.`,
  );
