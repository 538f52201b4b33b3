/** The entry point `ndgrad/io`: files of tensors that other programs read and write. */

// safetensors

export type { NamedTensors } from './io/named-tensors.ts';
export type { SafetensorsEntry } from './io/safetensors/header.ts';
export { type ReadSafetensorsOptions, readSafetensors, type SafetensorsFile } from './io/safetensors/read.ts';
export { type WriteSafetensorsOptions, writeSafetensors } from './io/safetensors/write.ts';

// safetensors in several files

export { type SaveModelFilesOptions, saveModelFiles } from './io/model/save-files.ts';
export { type OpenFile, shardedSource } from './io/safetensors/sharded-source.ts';
export type { ShardOptions } from './io/safetensors/shards.ts';
export { type WriteShardedOptions, writeShardedSafetensors } from './io/safetensors/write-sharded.ts';
export { type SaveWeightFilesOptions, saveWeightFiles } from './io/weights/save-files.ts';

// NumPy

export { type ReadNpyOptions, readNpy, writeNpy } from './io/numpy/npy.ts';
export { type NpzFile, readNpz, type WriteNpzOptions, writeNpz } from './io/numpy/npz.ts';

// Where files live

export type { Content } from './io/content.ts';
export type { Store } from './io/store.ts';
