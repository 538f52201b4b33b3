import { ValueError } from '../ir/errors.ts';

/** Whether the bytes start with the magic number of gzip (RFC 1952). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Inflates one gzip member with the platform's own `DecompressionStream`.
 *
 * `name` says in errors what was read. Throws a `ValueError` when the data is truncated or corrupt, or when
 * something follows the member.
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
    const reason = error instanceof Error ? error.message : String(error);
    throw refuse(`${bytes.length} bytes that do not inflate (${reason})`, error);
  }
  // Node's DecompressionStream lets zeros and further members pass; the length in the last four bytes shows
  // them.
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(
    bytes.length - 4,
    true,
  );
  if (length !== raw.length >>> 0) {
    throw refuse(`bytes after the end (the last four say ${length} bytes, ${raw.length} were inflated)`);
  }
  return raw;
}
