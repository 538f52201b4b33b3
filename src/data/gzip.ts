import { ValueError } from '../ir/errors.ts';
import { errorMessage } from '../util/error-message.ts';

/** Whether the bytes start with the magic number of gzip (RFC 1952). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Decompresses one gzip member with the platform's `DecompressionStream`.
 *
 * @param name what errors call the data.
 * @throws ValueError if the data is truncated or corrupt, or if more bytes follow the member.
 */
export async function gunzip(bytes: Uint8Array, name: string): Promise<Uint8Array> {
  const refuse = (got: string, cause?: unknown) =>
    new ValueError(`[gunzip] ${name}: ${got}, wanted one whole gzip member. Fetch the file again.`, {
      cause,
    });
  let raw: Uint8Array;
  try {
    const stream = new Blob([new Uint8Array(bytes)]).stream().pipeThrough(new DecompressionStream('gzip'));
    raw = new Uint8Array(await new Response(stream).arrayBuffer());
  } catch (error) {
    throw refuse(`${bytes.length} bytes that can't be decompressed (${errorMessage(error)})`, error);
  }
  // Node's DecompressionStream accepts zeros and further members after the first; the length in the last four bytes
  // reveals them.
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(
    bytes.length - 4,
    true,
  );
  if (length !== raw.length >>> 0) {
    throw refuse(`bytes after the end (the last four say ${length} bytes, ${raw.length} were decompressed)`);
  }
  return raw;
}
