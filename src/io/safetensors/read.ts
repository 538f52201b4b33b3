import { checkCount, describe, readOptions } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type ByteSource, byteSource } from '../byte-source.ts';
import { decode } from '../elements.ts';
import { readHeader, type SafetensorsEntry } from './header.ts';

/** Options of `readSafetensors`. */
export interface ReadSafetensorsOptions {
  /**
   * Whether tensors have memory of their own; true by default. With false they use that of the source where they can, and
   * it must not be changed afterwards.
   */
  readonly copy?: boolean;
}

/** A safetensors file whose header has been read. */
export interface SafetensorsFile {
  /** What the file says about itself, `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The tensors by their names, with their shapes and their element types in the file. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  /**
   * Reads a tensor.
   *
   * F32, F16, BF16, F64 (rounded) and the 8-bit floats give float32; I32, I64, I16, I8, U16, U32 and U64 give int32; U8
   * gives uint8 and BOOL bool.
   *
   * @throws ValueError if the file has no tensor of this name, or a number in it does not fit the dtype.
   */
  read(name: string): Promise<Tensor>;
}

/**
 * Reads the header of a safetensors file and checks it; tensors are read when they are asked for. Nothing in such a file is
 * executed.
 *
 * @param source the bytes of the file, or a source that reads parts of them.
 * @throws ValueError for every fault of the file.
 *
 * Source: https://github.com/huggingface/safetensors, section "Format".
 */
export async function readSafetensors(
  source: Uint8Array | ArrayBufferLike | ByteSource,
  options?: ReadSafetensorsOptions,
): Promise<SafetensorsFile> {
  checkCount('readSafetensors', arguments.length, 2);
  const { copy } = readOptions('readSafetensors', options, { copy: true });
  const file = byteSource('readSafetensors', source);
  const { metadata, entries } = await readHeader('readSafetensors', file);
  const read = async (name: string): Promise<Tensor> => {
    const entry = entries.get(name);
    if (entry === undefined) {
      const names = [...entries.keys()].slice(0, 20).join(', ');
      throw new ValueError(`[read] got the name ${describe(name)}, wanted one of ${names || 'none'}.`);
    }
    const { dtype, shape, start, end } = entry;
    const bytes = await file.read(start, end - start);
    return decode('read', name, dtype, shape, copy && file.inMemory ? bytes.slice() : bytes);
  };
  return { metadata, entries, read };
}
