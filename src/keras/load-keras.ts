import { type ByteSource, byteSource } from '../io/byte-source.ts';
import { openZip } from '../io/zip.ts';
import { checkCount, describe, isRecord } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import type { Layer } from '../layers/base/layer.ts';
import { buildModel } from './build-model.ts';
import { openHdf5 } from './hdf5.ts';
import { parseJson, versionOf } from './json.ts';
import { readModel } from './model-config.ts';
import { own } from './settings.ts';
import { groupedWeights, numberedWeights } from './weights.ts';

const MAX_CONFIG = 16_000_000;
const CONFIG = 'config.json';
const METADATA = 'metadata.json';
const WEIGHTS = 'model.weights.h5';

/** Do the bytes begin like this? */
const begins = (bytes: Uint8Array, ...signature: readonly number[]): boolean =>
  signature.every((byte, i) => bytes[i] === byte);

/**
 * Reads a model that Keras 2 or 3 has saved: a `.keras` file or a `.h5` file with architecture and weights. The content says
 * which. The names of the layers are kept; the weights are float32. Optimizer, losses and metrics are not read.
 *
 * @param source the file, or what reads parts of it. All of it is read.
 * @returns a Sequential, or for functional models with branches a layer that runs their graph.
 * @throws ValueError for a damaged file, with the names and classes of all layers and settings that don't exist here, and
 * with all weights that are missing or don't fit.
 * @throws NonFiniteError for weights that are NaN or infinite.
 *
 * Source: Keras, `saving_lib.py` and `legacy_h5_format.py`.
 */
export async function loadKeras(source: Uint8Array | ArrayBufferLike | ByteSource): Promise<Layer> {
  checkCount('loadKeras', arguments.length, 1);
  const file = byteSource('loadKeras', source);
  const start = await file.read(0, Math.min(8, file.size));
  if (begins(start, 0x50, 0x4b)) return fromZip(file);
  if (begins(start, 0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a)) return fromHdf5(file);
  const hint = begins(start, 0x7b) ? ' model.json of TensorFlow.js is read by loadTfjs.' : '';
  throw new ValueError(
    `[loadKeras] got a file of ${file.size} bytes that is neither zip nor HDF5, wanted a .keras or .h5 file.${hint}`,
  );
}

async function fromZip(file: ByteSource): Promise<Layer> {
  const members = await openZip('loadKeras', file);
  const textOf = async (name: string): Promise<Uint8Array | null> => {
    const member = members.get(name);
    if (member === undefined) return null;
    if (member.size <= MAX_CONFIG) return member.read('loadKeras');
    throw new ValueError(`[loadKeras] got ${name} with ${member.size} bytes, wanted at most ${MAX_CONFIG}.`);
  };
  const config = await textOf(CONFIG);
  const weights = members.get(WEIGHTS);
  if (config === null || weights === undefined) {
    const names = [...members.keys()].slice(0, 10).map(describe).join(', ') || 'nothing';
    const remedy = members.has('model.weights.npz')
      ? "Its weights are a pickle; save the model with weights_format='h5', the default."
      : 'Save the model with model.save("model.keras").';
    throw new ValueError(
      `[loadKeras] got a zip file with ${names}, wanted ${CONFIG} and ${WEIGHTS}. ${remedy}`,
    );
  }
  const metadata = await textOf(METADATA);
  const version = versionOf(
    metadata === null ? null : own(record(parseJson('loadKeras', METADATA, metadata)), 'keras_version'),
  );
  const model = readModel('loadKeras', parseJson('loadKeras', CONFIG, config));
  const root = openHdf5('loadKeras', await weights.read('loadKeras'));
  return buildModel('loadKeras', model, version, numberedWeights(root));
}

async function fromHdf5(file: ByteSource): Promise<Layer> {
  const root = openHdf5('loadKeras', await file.read(0, file.size));
  const config = root.attribute('model_config');
  const weights = root.group('model_weights');
  if (typeof config !== 'string' || weights === null) {
    throw new ValueError(
      '[loadKeras] got an HDF5 file without model_config and model_weights, wanted a whole model. Save it with ' +
        "model.save('model.h5') or model.save('model.keras'), not with save_weights.",
    );
  }
  if (config.length > MAX_CONFIG)
    throw new ValueError(
      `[loadKeras] got model_config with ${config.length} bytes, wanted at most ${MAX_CONFIG}.`,
    );
  const model = readModel('loadKeras', parseJson('loadKeras', 'model_config', config));
  return buildModel('loadKeras', model, versionOf(root.attribute('keras_version')), groupedWeights(weights));
}

const record = (value: unknown) => (isRecord(value) ? value : {});
