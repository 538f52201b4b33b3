import { partsOf } from '../io/content.ts';

/** The bytes in memory that is not shared, which browsers want. */
export const unshared = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  Object.prototype.toString.call(bytes.buffer) === '[object SharedArrayBuffer]'
    ? bytes.slice()
    : (bytes as Uint8Array<ArrayBuffer>);

/** A `Blob` of the parts of a file, each of which is copied before the next one is asked for. */
export async function blobOf(operation: string, content: unknown): Promise<Blob> {
  const blobs: Blob[] = [];
  for await (const part of partsOf(operation, content)) blobs.push(new Blob([unshared(part)]));
  return new Blob(blobs, { type: 'application/octet-stream' });
}
