import { ValueError } from '../ir/errors.ts';
import { yieldToEventLoop } from '../util/event-loop.ts';
import { now } from '../util/timers.ts';
import { ByteOutput, InflateError, Inflater } from './inflate.ts';

/** Whether the bytes start with the magic number of gzip (RFC 1952). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

export interface GunzipOptions {
  /** The function that errors name. */
  readonly operation: string;
  /** What errors call the data. */
  readonly name: string;
  /** Decompresses no more than this number of bytes; without a limit by default. */
  readonly limit?: number;
}

/** Milliseconds between two yields to the event loop. */
const SLICE = 16;

/**
 * Decompresses gzip data as Python's gzip does: all members one after the other, empty ones included. Zeros after a member
 * are skipped. Checksums and lengths are checked, unless the limit is reached before.
 *
 * @throws ValueError if the data are truncated or damaged, or something else follows a member.
 */
export async function gunzip(
  bytes: Uint8Array,
  { operation, name, limit = Number.POSITIVE_INFINITY }: GunzipOptions,
): Promise<Uint8Array> {
  const output = new ByteOutput(4 * bytes.length, limit);
  try {
    let last = now();
    for (let at = 0; at < bytes.length && !output.full; ) {
      const start = output.length;
      const inflater = new Inflater(bytes, dataStart(bytes, at), output);
      while (!inflater.block() && !output.full) {
        if (now() - last < SLICE) continue;
        await yieldToEventLoop();
        last = now();
      }
      if (output.full) break;
      at = checkTrailer(bytes, inflater.end, output.written(start));
      while (bytes[at] === 0) at++;
    }
  } catch (error) {
    if (!(error instanceof InflateError)) throw error;
    throw new ValueError(
      `[${operation}] ${name}: ${bytes.length} bytes that can't be decompressed (${error.message}), wanted gzip. ` +
        'Fetch the file again.',
    );
  }
  return output.written();
}

/** The position after the header of a member (RFC 1952, 2.3). */
function dataStart(bytes: Uint8Array, at: number): number {
  const member = bytes.subarray(at);
  if (!isGzip(member)) throw new InflateError('other bytes follow the end');
  const flags = member[3];
  if (member.length < 10 || flags === undefined) throw truncated();
  if (member[2] !== 8) throw new InflateError('an unknown compression method');
  if (flags & 0xe0) throw new InflateError('unknown flags');
  let start = 10;
  if (flags & 4) start += 2 + littleEndian(member, start, 2);
  for (const flag of [8, 16]) {
    if (!(flags & flag)) continue;
    const end = member.indexOf(0, start); // of the file's name, of a comment
    if (end < 0) throw truncated();
    start = end + 1;
  }
  if (flags & 2) {
    const wanted = littleEndian(member, start, 2);
    if ((crc32(member.subarray(0, start)) & 0xffff) !== wanted) throw new InflateError('a wrong checksum');
    start += 2;
  }
  if (start > member.length) throw truncated();
  return at + start;
}

/** Compares checksum and length with those after a member's data. Returns the position after them. */
function checkTrailer(bytes: Uint8Array, at: number, data: Uint8Array): number {
  if (littleEndian(bytes, at, 4) !== crc32(data)) throw new InflateError('a wrong checksum');
  if (littleEndian(bytes, at + 4, 4) !== data.length >>> 0) throw new InflateError('a wrong length');
  return at + 8;
}

function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  if (at + count > bytes.length) throw truncated();
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = (value << 8) | bytes[at + i]!;
  return value >>> 0;
}

const truncated = () => new InflateError('they are truncated');

let crcTable: Uint32Array | undefined;

/** The checksum of RFC 1952. */
function crc32(bytes: Uint8Array): number {
  crcTable ??= Uint32Array.from({ length: 256 }, (_, n) => {
    for (let k = 0; k < 8; k++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
    return n;
  });
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = crcTable[(crc ^ bytes[i]!) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
