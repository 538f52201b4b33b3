import { checkCount, describe, isRecord, readOptions, refusal } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import { sameShape } from '../../ir/view.ts';
import type { Layer } from '../../layers/base/layer.ts';
import { Network } from '../../layers/base/network.ts';
import type { OptimizerState } from '../../optim/optimizer.ts';
import { type ByteSource, byteSource } from '../byte-source.ts';
import { decodeValues, elementTypes } from '../elements.ts';
import { checkFinite } from '../finite.ts';
import { isOwn } from '../metadata.ts';
import { readHeader, type SafetensorsEntry } from '../safetensors/header.ts';
import type { Transformer, TransformerClass } from '../transformer.ts';
import { buildModel, type Configuration, checkConfiguration, type LayerClass } from './configuration.ts';
import { freezeParts, readFrozen } from './frozen.ts';
import { damaged, parseJson } from './json.ts';
import { layerClasses } from './layer-classes.ts';
import { readOptimizer } from './optimizer.ts';
import { readPreprocessing } from './preprocessing.ts';
import { replaceParameter, type Structure, structureOf } from './structure.ts';

/** Options of `loadModel`. */
export interface LoadModelOptions {
  /** The classes of layers that are not ndgrad's, by their kinds; none by default. */
  readonly layers?: Readonly<Record<string, LayerClass>>;
  /** The classes of transformers, by their kinds; none by default. */
  readonly transformers?: Readonly<Record<string, TransformerClass>>;
}

/** What a model file holds. */
export interface LoadedModel<M extends Network = Layer> {
  readonly model: M;
  /** The transformers that were saved with the model, by name. */
  readonly preprocessing: Readonly<Record<string, Transformer>>;
  /** For `setState` of an optimizer of the same class over `model.parameters()`; null if the file has none. */
  readonly optimizerState: OptimizerState | null;
}

/**
 * Builds the model of a file that `saveModel` has written. Layers are built by the classes of this library and of `layers`;
 * nothing in the file is executed. No initial values are computed, and no generator moves.
 *
 * @param source the bytes of the file, or a source that reads parts of them.
 * @typeParam M the class of the model, if it is a Network with several inputs or outputs: `loadModel<Cars>(...)`.
 * @throws ValueError for kinds that are not known, for a damaged file, and for one without a model.
 * @throws NonFiniteError for values that are NaN or infinite.
 */
export async function loadModel<M extends Network = Layer>(
  source: Uint8Array | ArrayBufferLike | ByteSource,
  options?: LoadModelOptions,
): Promise<LoadedModel<M>> {
  checkCount('loadModel', arguments.length, 2);
  const { layers: ownLayers, transformers } = readOptions('loadModel', options, {
    layers: {},
    transformers: {},
  });
  for (const [what, given] of Object.entries({ layers: ownLayers, transformers }))
    if (!isRecord(given)) throw refusal('loadModel', what, given, 'an object of classes by kind');
  const file = byteSource('loadModel', source);
  const { metadata, entries } = await readHeader('loadModel', file);
  if (!isOwn('loadModel', metadata) || metadata.model === undefined) {
    throw new ValueError(
      '[loadModel] got a file without a model, wanted one of saveModel. For weights alone, build the model and call loadWeights.',
    );
  }
  const json = (key: string, absent?: unknown): unknown =>
    metadata[key] === undefined ? absent : parseJson('loadModel', key, metadata[key]);
  const configuration = checkConfiguration('loadModel', json('model'));
  const model = buildModel('loadModel', configuration, classesOf(configuration, ownLayers));
  const structure = tied(model, json('aliases', {}));
  const frozen = readFrozen('loadModel', structure, json('frozen', []), json('trainable', {}));
  checkTensors(structure, entries);

  const read = ({ start, end }: SafetensorsEntry): Promise<Uint8Array> => file.read(start, end - start);
  const optimizerState = await readOptimizer('loadModel', json('optimizer'), entries, read, structure);
  const preprocessing = await readPreprocessing(
    'loadModel',
    json('preprocessing', {}),
    entries,
    read,
    transformers,
  );
  for (const [path, parameter] of structure.parameters) {
    const entry = entries.get(path)!;
    const bytes = await read(entry);
    // The model changes its values, and the bytes may be the caller's.
    const values = decodeValues('loadModel', path, entry.dtype, bytes.slice());
    checkFinite('loadModel', path, values);
    parameter.node.storage!.give(values);
  }
  freezeParts(structure, frozen);
  return { model: model as M, preprocessing, optimizerState };
}

/** The classes of all kinds. */
function classesOf(
  { layers }: Configuration,
  own: Readonly<Record<string, LayerClass>>,
): ReadonlyMap<string, LayerClass> {
  const classes = new Map(layerClasses.map((layer) => [layer.kind, layer]));
  for (const [kind, layer] of Object.entries(own)) {
    if (typeof layer !== 'function' || !(layer.prototype instanceof Network))
      throw refusal('loadModel', `layers.${kind}`, layer, 'a class that extends Layer or Network');
    classes.set(kind, layer);
  }
  const unknown = [...new Set(layers.map(({ kind }) => kind))].filter((kind) => !classes.has(kind));
  if (unknown.length === 0) return classes;
  const advice = unknown.some((kind) => kind.startsWith('Keras'))
    ? 'the classes of ndgrad/keras: loadModel(source, { layers: kerasLayers })'
    : `their classes: loadModel(source, { layers: { ${unknown.slice(0, 3).join(', ')} } })`;
  throw new ValueError(`[loadModel] got layers of unknown kinds ${list(unknown)}. Give ${advice}.`);
}

/** The parts of a model after Parameters with several places were put there. */
function tied(model: Network, aliases: unknown): Structure {
  const structure = structureOf('loadModel', model);
  const places = isRecord(aliases) ? Object.entries(aliases) : [];
  const fault = (got: string): ValueError =>
    damaged('loadModel', 'aliases', got, 'two places of one Parameter');
  if (!isRecord(aliases)) throw fault(describe(aliases));
  for (const [path, first] of places) {
    const parameter = structure.parameters.get(first as string);
    if (parameter === undefined) throw fault(`${describe(first)} for ${describe(path)}`);
    if (structure.aliases.get(path) === first) continue;
    if (!replaceParameter(structure, path, parameter)) throw fault(describe(path));
  }
  return places.length === 0 ? structure : structureOf('loadModel', model);
}

/** @throws ValueError unless there is a tensor for every Parameter and no other. */
function checkTensors({ parameters }: Structure, entries: ReadonlyMap<string, SafetensorsEntry>): void {
  const problems: string[] = [];
  for (const [path, { dtype, shape }] of parameters) {
    const entry = entries.get(path);
    if (entry === undefined) problems.push(`${describe(path)} is missing`);
    else if (elementTypes[entry.dtype]!.dtype !== dtype || !sameShape(entry.shape, shape))
      problems.push(
        `${describe(path)} is ${entry.dtype} [${entry.shape.join(', ')}], wanted ${dtype} [${shape.join(', ')}]`,
      );
  }
  for (const name of entries.keys())
    if (!name.includes(':') && !parameters.has(name)) problems.push(`${describe(name)} has no Parameter`);
  if (problems.length === 0) return;
  throw new ValueError(
    `[loadModel] got tensors that do not fit the layers of the file: ${problems.slice(0, 20).join('; ')}. Give the classes of layers as they were when the file was written.`,
  );
}

const list = (names: readonly string[]): string => names.slice(0, 20).map(describe).join(', ');
