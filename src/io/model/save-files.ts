import { checkCount, readOptions } from '../../ir/arguments.ts';
import type { Network } from '../../layers/base/network.ts';
import { checkShards, type ShardOptions, shardDefaults, writeShards } from '../safetensors/shards.ts';
import { checkStore, type Store } from '../store.ts';
import { modelContent, parts, type SaveModelOptions } from './save.ts';

/** Options of `saveModelFiles`. */
export interface SaveModelFilesOptions extends SaveModelOptions, ShardOptions {}

/**
 * Writes a model into files of limited size, without a copy of it in one piece of memory: what `saveModel` makes, divided as
 * by `writeShardedSafetensors`. `loadModel(await shardedSource(store))` reads them.
 *
 * @throws what `saveModel` throws.
 */
export async function saveModelFiles(
  model: Network,
  store: Store,
  options?: SaveModelFilesOptions,
): Promise<void> {
  const operation = 'saveModelFiles';
  checkCount(operation, arguments.length, 3);
  checkStore(operation, store);
  const { name, shardBytes, ...saved } = readOptions(operation, options, { ...parts, ...shardDefaults });
  checkShards(operation, name, shardBytes);
  const { tensors, metadata } = await modelContent(operation, model, saved);
  await writeShards(operation, store, tensors, metadata, 'float32', { name, shardBytes });
}
