import type { ByteSource } from '../io/byte-source.ts';
import { checkCount, refusal } from '../ir/arguments.ts';
import { storageError } from './storage-error.ts';

/** What this library uses of a `Blob`. */
export interface BlobLike {
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
  arrayBuffer(): Promise<ArrayBuffer>;
}

/**
 * A `Blob` or `File`, such as one that a user has chosen, as a source for readers such as `loadWeights` and
 * `readSafetensors`, which read the parts that they need.
 *
 *     await loadWeights(model, blobSource(input.files[0]));
 */
export function blobSource(blob: BlobLike): ByteSource {
  checkCount('blobSource', arguments.length, 1);
  const { size, slice, arrayBuffer } = Object(blob) as Partial<BlobLike>;
  if (typeof size !== 'number' || typeof slice !== 'function' || typeof arrayBuffer !== 'function')
    throw refusal('blobSource', 'blob', blob, 'a Blob or File');
  return sourceOf('blobSource', 'the file', blob);
}

/** @param what what errors call it. */
export const sourceOf = (operation: string, what: string, blob: BlobLike): ByteSource => ({
  size: blob.size,
  async read(offset, length) {
    try {
      return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer());
    } catch (error) {
      throw storageError(operation, what, error);
    }
  },
});
