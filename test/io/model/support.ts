import {
  defaultGenerator,
  type Layer,
  type LayerClass,
  loadModel,
  saveModel,
  type Tensor,
} from '../../../src/index.ts';
import { readSafetensors, writeSafetensors } from '../../../src/io.ts';

/** The model after a way through a file. */
export async function roundTrip(
  model: Layer,
  layers: Readonly<Record<string, LayerClass>> = {},
): Promise<Layer> {
  const before = defaultGenerator().getState();
  const loaded = await loadModel(await saveModel(model), { layers });
  const after = defaultGenerator().getState();
  if (after.counter !== before.counter || after.seed !== before.seed)
    throw new Error('a generator has moved');
  return loaded.model;
}

/** The values of all Parameters, by path. */
export const valuesOf = (model: Layer): Record<string, number[]> =>
  Object.fromEntries(model.namedParameters().map(([path, p]) => [path, Array.from<number>(p.dataSync())]));

export interface ModelFile {
  readonly metadata: Record<string, string>;
  readonly tensors: Record<string, Tensor>;
}

/** A file after a change of its metadata or tensors. */
export async function changedFile(file: Uint8Array, change: (file: ModelFile) => void): Promise<Uint8Array> {
  const { metadata, entries, read } = await readSafetensors(file);
  const tensors: [string, Tensor][] = [];
  for (const name of entries.keys()) tensors.push([name, await read(name)]);
  const parts = { metadata: { ...metadata }, tensors: Object.fromEntries(tensors) };
  change(parts);
  return writeSafetensors(parts.tensors, { metadata: parts.metadata });
}
