import {
  Z_BUF_ERROR,
  Z_NO_FLUSH,
  Z_STREAM_END,
  ZStream,
  zlibInflate,
  zlibInflateInit2,
  zlibInflateReset,
} from 'pako';
import { ValueError } from '../ir/errors.ts';
import { yieldToEventLoop } from '../util/event-loop.ts';
import { now } from '../util/timers.ts';

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
/** The largest number of bytes that one call reads, and that it writes: about a millisecond. */
const STEP = 1 << 18;
/** zlib's code for data in the gzip format, with the largest window. */
const GZIP = 16 + 15;

/** Our words for messages of zlib. */
const reasons: Readonly<Record<string, string>> = {
  'unknown compression method': 'an unknown compression method',
  'unknown header flags set': 'unknown flags',
  'header crc mismatch': 'a wrong checksum',
  'incorrect data check': 'a wrong checksum',
  'incorrect length check': 'a wrong length',
};

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
  const refused = (reason: string) =>
    new ValueError(
      `[${operation}] ${name}: ${bytes.length} bytes that can't be decompressed (${reason}), wanted gzip. ` +
        'Fetch the file again.',
    );
  const stream = new ZStream();
  zlibInflateInit2(stream, GZIP);
  stream.input = bytes;
  stream.output = new Uint8Array(Math.min(4 * bytes.length, limit));
  let status: number = Z_STREAM_END;
  let last = now();
  while (stream.next_out < limit) {
    if (status === Z_STREAM_END) {
      if (stream.next_in === bytes.length) break;
      if (!isGzip(bytes.subarray(stream.next_in))) throw refused('other bytes follow the end');
      zlibInflateReset(stream);
    }
    const { length } = stream.output;
    if (stream.next_out === length) {
      const larger = new Uint8Array(Math.min(Math.max(2 * length, STEP), limit));
      larger.set(stream.output);
      stream.output = larger;
    }
    stream.avail_in = Math.min(bytes.length - stream.next_in, STEP);
    stream.avail_out = Math.min(stream.output.length - stream.next_out, STEP);
    status = zlibInflate(stream, Z_NO_FLUSH);
    // There is room for output, so zlib makes no progress only without input.
    if (status === Z_BUF_ERROR) throw refused('they are truncated');
    if (status < 0) throw refused(reasons[stream.msg] ?? stream.msg);
    if (status === Z_STREAM_END) while (bytes[stream.next_in] === 0) stream.next_in++;
    if (now() - last < SLICE) continue;
    await yieldToEventLoop();
    last = now();
  }
  return stream.output.subarray(0, stream.next_out);
}
