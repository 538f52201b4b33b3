import { checkCount, readOptions } from '../../ir/arguments.ts';
import type { Network } from '../../layers/base/network.ts';
import { metadata } from '../metadata.ts';
import { checkFloatFormat } from '../safetensors/layout.ts';
import { checkShards, type ShardOptions, shardDefaults, writeShards } from '../safetensors/shards.ts';
import { checkStore, type Store } from '../store.ts';
import { namedWeights, type SaveWeightsOptions } from './save.ts';

/** Options of `saveWeightFiles`. */
export interface SaveWeightFilesOptions extends SaveWeightsOptions, ShardOptions {}

/**
 * Writes the Parameters of a model into files of limited size, without a copy of all of them in one piece of memory: what
 * `saveWeights` makes, divided as by `writeShardedSafetensors`. `loadWeights(model, await shardedSource(store))` reads them.
 *
 * @throws NonFiniteError for values that are NaN or infinite, or that overflow `dtype`.
 */
export async function saveWeightFiles(
  model: Network,
  store: Store,
  options?: SaveWeightFilesOptions,
): Promise<void> {
  const operation = 'saveWeightFiles';
  checkCount(operation, arguments.length, 3);
  checkStore(operation, store);
  const defaults = { dtype: 'float32', ...shardDefaults } as const;
  const { dtype, name, shardBytes } = readOptions(operation, options, defaults);
  checkFloatFormat(operation, dtype);
  checkShards(operation, name, shardBytes);
  const named = await namedWeights(operation, model);
  await writeShards(operation, store, named, metadata(), dtype, { name, shardBytes });
}
