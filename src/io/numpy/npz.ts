import { checkCount, describe, readOptions, refusal } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type ByteSource, byteSource } from '../byte-source.ts';
import { type NamedTensors, namedValues } from '../named-tensors.ts';
import { makeZip, openZip } from '../zip.ts';
import { decodeNpy, npyParts } from './npy.ts';

/** A `.npz` file whose directory has been read. */
export interface NpzFile {
  /** The names of the arrays. Other files in it have no name here. */
  readonly names: readonly string[];
  /**
   * Reads an array, as `readNpy` does. It takes at most 1032 times the memory of its compressed data.
   *
   * @throws ValueError if there is no array of this name, or what `readNpy` throws.
   */
  read(name: string): Promise<Tensor>;
}

/**
 * Opens a file that `numpy.savez` or `numpy.savez_compressed` has written. Arrays are read when they are asked for.
 *
 * @throws ValueError if the file is damaged.
 */
export async function readNpz(source: Uint8Array | ArrayBufferLike | ByteSource): Promise<NpzFile> {
  checkCount('readNpz', arguments.length, 1);
  const members = await openZip('readNpz', byteSource('readNpz', source));
  const names = [...members.keys()].flatMap((name) => (name.endsWith('.npy') ? [name.slice(0, -4)] : []));
  const read = async (name: string): Promise<Tensor> => {
    const member = members.get(`${name}.npy`);
    if (member === undefined) {
      throw new ValueError(
        `[read] got the name ${describe(name)}, wanted one of ${names.slice(0, 20).join(', ') || 'none'}.`,
      );
    }
    const bytes = await member.read('read');
    return decodeNpy('read', name, byteSource('read', bytes), false);
  };
  return { names, read };
}

/** Options of `writeNpz`. */
export interface WriteNpzOptions {
  /** Whether arrays are compressed, as by `numpy.savez_compressed`; false by default. */
  readonly compress?: boolean;
}

/**
 * A `.npz` file with these tensors: `numpy.load` opens it. The same tensors always give the same bytes.
 *
 * @throws ValueError for more than 4 GiB.
 */
export async function writeNpz(tensors: NamedTensors, options?: WriteNpzOptions): Promise<Uint8Array> {
  checkCount('writeNpz', arguments.length, 2);
  const { compress } = readOptions('writeNpz', options, { compress: false });
  if (typeof compress !== 'boolean') throw refusal('writeNpz', 'compress', compress, 'true or false');
  const named = await namedValues('writeNpz', tensors);
  const files = named.map(({ name, tensor, values }) => [`${name}.npy`, npyParts(tensor, values)] as const);
  return makeZip('writeNpz', files, compress);
}
