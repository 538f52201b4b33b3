import { checkCount, readOptions } from '../../ir/arguments.ts';
import type { NamedTensors } from '../named-tensors.ts';
import { checkStore, type Store } from '../store.ts';
import { checkShards, type ShardOptions, shardDefaults, writeShards } from './shards.ts';
import { checkFile, namedInFile, type WriteSafetensorsOptions } from './write.ts';

/** Options of `writeShardedSafetensors`. */
export interface WriteShardedOptions extends WriteSafetensorsOptions, ShardOptions {}

/**
 * Writes tensors into safetensors files of limited size, in the order given: `model.safetensors`; or, if they need several,
 * `model-00001-of-00003.safetensors` and so on, with `model.safetensors.index.json`. `shardedSource` and Hugging Face's
 * libraries read them. An older set of the same name is replaced: if writing several files is interrupted, there is none.
 *
 * @throws ValueError for a name that a file can't hold, and for a finite value that overflows `dtype`.
 */
export async function writeShardedSafetensors(
  store: Store,
  tensors: NamedTensors,
  options?: WriteShardedOptions,
): Promise<void> {
  const operation = 'writeShardedSafetensors';
  checkCount(operation, arguments.length, 3);
  checkStore(operation, store);
  const defaults = { metadata: {}, dtype: 'float32', ...shardDefaults } as const;
  const { metadata, dtype, name, shardBytes } = readOptions(operation, options, defaults);
  checkFile(operation, metadata, dtype);
  checkShards(operation, name, shardBytes);
  const named = await namedInFile(operation, tensors);
  await writeShards(operation, store, named, { ...metadata }, dtype, { name, shardBytes });
}
