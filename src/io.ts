/** The entry point `ndgrad/io`: files of tensors that other programs read and write. */

// safetensors

export type { NamedTensors } from './io/named-tensors.ts';
export type { SafetensorsEntry } from './io/safetensors/header.ts';
export { type ReadSafetensorsOptions, readSafetensors, type SafetensorsFile } from './io/safetensors/read.ts';
export { type WriteSafetensorsOptions, writeSafetensors } from './io/safetensors/write.ts';

// NumPy

export { type ReadNpyOptions, readNpy, writeNpy } from './io/numpy/npy.ts';
export { type NpzFile, readNpz, type WriteNpzOptions, writeNpz } from './io/numpy/npz.ts';

// Stores

export type { Store } from './io/store.ts';
