import { decode, elementTypes } from '../io/elements.ts';
import { joinBytes, totalLength } from '../io/join-bytes.ts';
import { checkCount, describe, isRecord, refusal } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import { bytesOf } from '../ir/typed-array.ts';
import { sizeOf } from '../ir/view.ts';
import type { Layer } from '../layers/base/layer.ts';
import { fromArray } from '../tensor/creation.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { buildModel } from './build-model.ts';
import { parseJson, versionOf } from './json.ts';
import { readModel } from './model-config.ts';
import { own, readObject } from './settings.ts';
import { listedWeights } from './weights.ts';

/** Element types of safetensors, by the names in model.json. */
const types: Readonly<Record<string, string>> = {
  float16: 'F16',
  float32: 'F32',
  int32: 'I32',
  uint8: 'U8',
  uint16: 'U16',
};

/** A weight in the data of a group of shards. */
interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  /** The type of the elements in the file. */
  readonly type: string;
  /** For quantized weights: value = element * scale + min. */
  readonly quantization: { readonly scale: number; readonly min: number } | null;
}

/**
 * Reads a layers model of TensorFlow.js: `model.json`, its shards of weights, quantized ones included.
 *
 * @param modelJson the file model.json, as bytes, text or parsed.
 * @param readShard reads a shard by its path, as model.json has it: `(path) => readFile(join(folder, path))`.
 * @returns a Sequential, or for functional models with branches a layer that runs their graph.
 * @throws ValueError as `loadKeras`, and for shards with more or fewer bytes than their weights have.
 * @throws NonFiniteError for weights that are NaN or infinite.
 */
export async function loadTfjs(
  modelJson: Uint8Array | ArrayBufferLike | string | object,
  readShard: (path: string) => Promise<Uint8Array | ArrayBufferLike>,
): Promise<Layer> {
  checkCount('loadTfjs', arguments.length, 2);
  const bytes = bytesOf(modelJson);
  const json =
    bytes !== null || typeof modelJson === 'string'
      ? parseJson('loadTfjs', 'modelJson', bytes ?? (modelJson as string))
      : modelJson;
  if (!isRecord(json)) throw refusal('loadTfjs', 'modelJson', modelJson, 'the content of model.json');
  if (typeof readShard !== 'function')
    throw refusal('loadTfjs', 'readShard', readShard, 'a function that reads the file of a path');
  const topology = own(json, 'modelTopology');
  const manifest = own(json, 'weightsManifest');
  if (own(json, 'format') === 'graph-model' || !isRecord(topology) || !Array.isArray(manifest)) {
    throw new ValueError(
      '[loadTfjs] got no layers model, wanted model.json with modelTopology and weightsManifest. A graph model has no ' +
        'layers: convert the Keras model with --output_format=tfjs_layers_model.',
    );
  }
  const inner = own(topology, 'model_config');
  const model = readModel('loadTfjs', readObject(topology) === null ? inner : topology);
  const tensors = new Map<string, Tensor>();
  for (const group of manifest) {
    const [paths, entries] = readGroup(group);
    const data = await readShards(paths, readShard);
    let at = 0;
    for (const entry of entries) {
      const length = sizeOf(entry.shape) * elementTypes[entry.type]!.bytes;
      if (!(at + length <= data.length)) throw wrongLength(paths, data.length, `at least ${at + length}`);
      if (tensors.has(entry.name))
        throw new ValueError(
          `[loadTfjs] got the weight ${describe(entry.name)} twice, wanted each name once.`,
        );
      tensors.set(entry.name, valueOf(entry, data.subarray(at, at + length)));
      at += length;
    }
    if (at !== data.length) throw wrongLength(paths, data.length, String(at));
  }
  return buildModel('loadTfjs', model, versionOf(own(topology, 'keras_version')), listedWeights(tensors));
}

const wrongLength = (paths: readonly string[], got: number, wanted: string): ValueError =>
  new ValueError(
    `[loadTfjs] got ${got} bytes in ${paths.map(describe).join(', ')}, wanted ${wanted}. model.json and the shards are not of one ` +
      'model, or a download was cut off.',
  );

function readGroup(group: unknown): [paths: string[], entries: Entry[]] {
  const damaged = (got: string): ValueError =>
    new ValueError(
      `[loadTfjs] got ${got} in weightsManifest, wanted { paths, weights }. The file is damaged.`,
    );
  if (!isRecord(group)) throw damaged(describe(group));
  const [paths, weights] = [own(group, 'paths'), own(group, 'weights')];
  if (!Array.isArray(paths) || !paths.every((path) => typeof path === 'string')) throw damaged('wrong paths');
  if (!Array.isArray(weights)) throw damaged('wrong weights');
  return [paths, weights.map(readEntry)];

  function readEntry(weight: unknown): Entry {
    if (!isRecord(weight)) throw damaged(describe(weight));
    const [name, shape, dtype, quantization] = ['name', 'shape', 'dtype', 'quantization'].map((key) =>
      own(weight, key),
    );
    if (typeof name !== 'string') throw damaged(`a weight with the name ${describe(name)}`);
    const isSize = (d: unknown): boolean =>
      Number.isInteger(d) && (d as number) >= 0 && (d as number) <= 0x7fffffff;
    if (!Array.isArray(shape) || !shape.every(isSize)) throw damaged(`a wrong shape of ${describe(name)}`);
    const typeOf = (given: unknown): string => {
      if (typeof given === 'string' && Object.hasOwn(types, given)) return types[given]!;
      throw damaged(`the type ${describe(given)} of ${describe(name)}`);
    };
    if (quantization === undefined) return { name, shape, type: typeOf(dtype), quantization: null };
    if (!isRecord(quantization)) throw damaged(`a wrong quantization of ${describe(name)}`);
    const type = typeOf(own(quantization, 'dtype'));
    if (type === 'F16') return { name, shape, type, quantization: null };
    const [scale, min] = [own(quantization, 'scale') ?? 1, own(quantization, 'min') ?? 0];
    if (typeof scale !== 'number' || typeof min !== 'number' || dtype !== 'float32')
      throw damaged(`a wrong quantization of ${describe(name)}`);
    return { name, shape, type, quantization: { scale, min } };
  }
}

async function readShards(
  paths: readonly string[],
  readShard: (path: string) => Promise<Uint8Array | ArrayBufferLike>,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (const path of paths) {
    const part = bytesOf(await readShard(path));
    if (part === null) {
      throw new ValueError(
        `[loadTfjs] got no bytes from readShard(${describe(path)}), wanted a Uint8Array or an ArrayBuffer.`,
      );
    }
    parts.push(part);
  }
  return parts.length === 1 ? parts[0]! : joinBytes('loadTfjs', parts, totalLength(parts));
}

function valueOf({ name, shape, type, quantization }: Entry, bytes: Uint8Array): Tensor {
  const stored = decode('loadTfjs', name, type, shape, bytes);
  if (quantization === null) return stored;
  // TensorFlow.js computes in double precision too, and rounds once.
  const { scale, min } = quantization;
  const elements = type === 'U8' ? bytes : new Uint16Array(bytes.slice().buffer);
  return fromArray(
    Float32Array.from(elements, (q) => q * scale + min),
    shape,
    'float32',
  );
}
