import { checkCount, describe, isRecord, readOptions, refusal } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import type { Network } from '../../layers/base/network.ts';
import type { Optimizer } from '../../optim/optimizer.ts';
import { checkFinite } from '../finite.ts';
import { metadata } from '../metadata.ts';
import { namedValues } from '../named-tensors.ts';
import { type FileValues, layOut } from '../safetensors/layout.ts';
import type { Transformer } from '../transformer.ts';
import { buildModel, checkConfiguration, describeModel } from './configuration.ts';
import { frozenParts } from './frozen.ts';
import { writeJson } from './json.ts';
import { optimizerParts } from './optimizer.ts';
import { preprocessingParts } from './preprocessing.ts';
import { replaceParameter, type Structure, structureOf } from './structure.ts';

/** Options of `saveModel`. */
export interface SaveModelOptions {
  /** An optimizer of the model, whose state is saved; none by default. */
  readonly optimizer?: Optimizer;
  /** What belongs to the model, such as fitted scalers, by name; none by default. */
  readonly preprocessing?: Readonly<Record<string, Transformer>>;
}

/**
 * A model as a safetensors file: its layers with their constructor arguments, its Parameters with the values that they have
 * at the call, and what is frozen. The file contains no code. The same model always gives the same bytes.
 *
 * @throws ValueError with the path of a layer whose arguments a file can't hold, such as a function for an activation, or
 *   whose class does not say how it is built (`describe`).
 * @throws NonFiniteError for values that are NaN or infinite.
 */
export async function saveModel(model: Network, options?: SaveModelOptions): Promise<Uint8Array> {
  checkCount('saveModel', arguments.length, 2);
  const { tensors, metadata } = await modelContent(
    'saveModel',
    model,
    readOptions('saveModel', options, parts),
  );
  return layOut('saveModel', tensors, metadata, 'float32');
}

/** The values of `SaveModelOptions` that are not given. */
export const parts = { optimizer: undefined, preprocessing: undefined };

/** The tensors and the metadata of a model's file, with the values of the call. */
export async function modelContent(
  operation: string,
  model: Network,
  { optimizer, preprocessing }: { readonly [K in keyof SaveModelOptions]-?: SaveModelOptions[K] | undefined },
): Promise<{ tensors: FileValues[]; metadata: Readonly<Record<string, string>> }> {
  if (preprocessing !== undefined && !isRecord(preprocessing))
    throw refusal(operation, 'preprocessing', preprocessing, 'an object of transformers by name');
  if (optimizer !== undefined && typeof optimizer?.getState !== 'function')
    throw refusal(operation, 'optimizer', optimizer, 'an optimizer of the model');
  const structure = structureOf(operation, model);
  const { configuration, fresh } = describedAgain(operation, model, structure);
  const { frozen, trainable } = frozenParts(structure, fresh);

  const json: [string, unknown][] = [['model', configuration]];
  if (structure.aliases.size > 0) json.push(['aliases', Object.fromEntries(structure.aliases)]);
  if (frozen.length > 0) json.push(['frozen', frozen]);
  if (Object.keys(trainable).length > 0) json.push(['trainable', trainable]);

  // All values are copied before this function waits for anything.
  const parameters = namedValues(operation, structure.parameters);
  const kept = optimizer && optimizerParts(operation, optimizer, structure);
  const prepared = preprocessing && preprocessingParts(operation, preprocessing);
  const [tensors, state] = await Promise.all([parameters, kept]);
  if (state !== undefined) json.push(['optimizer', state.json]);
  if (prepared !== undefined) json.push(['preprocessing', prepared.json]);
  const finite = [...tensors, ...(state?.tensors ?? [])];
  for (const { name, values } of finite) checkFinite(operation, name, values);
  const texts = json.map(([key, x]) => [key, writeJson(operation, key, x)] as const);
  return {
    tensors: [...finite, ...(prepared?.tensors ?? [])],
    metadata: { ...metadata(), ...Object.fromEntries(texts) },
  };
}

/**
 * The configuration, and the model that it builds.
 *
 * @throws ValueError if that has other layers or Parameters.
 */
function describedAgain(
  operation: string,
  model: Network,
  structure: Structure,
): { configuration: ReturnType<typeof checkConfiguration>; fresh: Structure } {
  const pathOf = new Map([...structure.layers].map(([path, layer]) => [layer, path]));
  const { configuration, classes } = describeModel(operation, model, pathOf);
  checkConfiguration(operation, configuration);
  const again = buildModel(operation, configuration, classes);
  let fresh = structureOf(operation, again);
  for (const [path, first] of structure.aliases) {
    const parameter = fresh.parameters.get(first);
    if (parameter !== undefined && !fresh.aliases.has(path)) replaceParameter(fresh, path, parameter);
  }
  if (structure.aliases.size > 0) fresh = structureOf(operation, again);
  const [wanted, got] = [partsOf(structure), partsOf(fresh)];
  const differs = [...new Set([...wanted.keys(), ...got.keys()])].find(
    (path) => wanted.get(path) !== got.get(path),
  );
  if (differs === undefined) return { configuration, fresh };
  throw new ValueError(
    `[${operation}] got ${got.get(differs) ?? 'nothing'} at ${describe(differs)} from the constructors of ` +
      `${[...classes.keys()].join(', ')}, wanted ${wanted.get(differs) ?? 'nothing'}. Return all arguments of the constructor in ` +
      'describe(), and add no parts later.',
  );
}

/** What is at each path. */
const partsOf = ({ layers, parameters, aliases }: Structure): ReadonlyMap<string, string> =>
  new Map([
    ...[...layers].map(([path, layer]) => [path, layer.type] as const),
    ...[...parameters].map(
      ([path, { dtype, shape }]) => [path, `a Parameter ${dtype} [${shape.join(', ')}]`] as const,
    ),
    ...[...aliases].map(([path, first]) => [path, `the Parameter of ${describe(first)}`] as const),
  ]);
