import { constants, crc32, deflateRawSync, gzipSync, inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gunzip } from '../../src/data/gzip.ts';

const options = { operation: 'f', name: 'a.gz' };

/** A member with DEFLATE data that decompress to `content`. */
function member(deflated: Uint8Array, content: Uint8Array | string): Buffer {
  const header = Buffer.from('1f8b0800000000000003', 'hex');
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(content));
  trailer.writeUInt32LE(content.length, 4);
  return Buffer.concat([header, deflated, trailer]);
}

/** What Node's zlib makes of DEFLATE data, and where they end, or why it refuses them. */
function zlibInflated(packed: Uint8Array): { content: Buffer; end: number } | string {
  try {
    const result: unknown = inflateRawSync(packed, { info: true, maxOutputLength: 1 << 27 });
    const { buffer, engine } = result as { buffer: Buffer; engine: { bytesWritten: number } };
    return { content: buffer, end: engine.bytesWritten };
  } catch (error) {
    const { message } = error as Error;
    return message === 'unexpected end of file' ? 'they are truncated' : message;
  }
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** Data with short and long repetitions. */
const contents = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 50 }),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 5 }), fc.nat(2000))
        .map(([unit, times]) =>
          Uint8Array.from({ length: unit.length * times }, (_, i) => unit[i % unit.length]!),
        ),
      fc.nat(40_000).map((length) => Uint8Array.from({ length }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 26)),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Buffer.concat(parts));

const settings = fc.record({
  level: fc.integer({ min: 0, max: 9 }),
  memLevel: fc.integer({ min: 1, max: 9 }),
  windowBits: fc.integer({ min: 9, max: 15 }),
  strategy: fc.constantFrom(
    constants.Z_DEFAULT_STRATEGY,
    constants.Z_FILTERED,
    constants.Z_HUFFMAN_ONLY,
    constants.Z_RLE,
    constants.Z_FIXED,
  ),
});

describe('gunzip', () => {
  it('decompresses what zlib compressed, member after member', async () => {
    const part = fc.tuple(contents, settings, fc.nat(3));
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 3 }), async (parts) => {
        const members = parts.map(([data, how, zeros]) =>
          Buffer.concat([gzipSync(data, how), Buffer.alloc(zeros)]),
        );
        const found = await gunzip(Buffer.concat(members), options);
        expect(same(found, Buffer.concat(parts.map(([data]) => data)))).toBe(true);
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it('reads several blocks', async () => {
    const parts = ['one ', 'two two two two ', 'three'];
    const flushed = parts.map((part, i) =>
      deflateRawSync(part, { finishFlush: i < 2 ? constants.Z_FULL_FLUSH : constants.Z_FINISH }),
    );
    const text = parts.join('');
    expect(Buffer.from(await gunzip(member(Buffer.concat(flushed), text), options)).toString()).toBe(text);
  });

  it('refuses what zlib refuses, and reads the same from damaged data', async () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 3 });
    let read = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(contents, settings, flips, fc.boolean(), async (data, how, at, cut) => {
        let packed = Uint8Array.from(deflateRawSync(data, how));
        for (const [i, bit] of at) packed[i % packed.length]! ^= 1 << bit;
        if (cut) packed = packed.subarray(0, at[0]![0] % (packed.length + 1));
        const wanted = zlibInflated(packed);
        if (typeof wanted === 'string') {
          const damaged = gunzip(member(packed, '').subarray(0, -8), options);
          await expect(damaged).rejects.toThrow(`decompressed (${wanted}), wanted gzip`);
          refused++;
        } else {
          const found = await gunzip(member(packed.subarray(0, wanted.end), wanted.content), options);
          expect(same(found, wanted.content)).toBe(true);
          read++;
        }
      }),
      { seed: 2, numRuns: 300 },
    );
    expect(read).toBeGreaterThan(10);
    expect(refused).toBeGreaterThan(100);
  });

  it('stops at a limit', async () => {
    const data = Buffer.alloc(300_000, 'some text and ');
    for (const level of [0, 9]) {
      const packed = gzipSync(data, { level });
      for (const limit of [0, 1, 257, 258, 259, 65_535, 65_537, 299_999, 300_000, 300_001]) {
        const found = await gunzip(packed, { ...options, limit });
        expect(same(found, data.subarray(0, limit)), `${limit}`).toBe(true);
      }
    }
  });

  it('refuses zeros before the first member', async () => {
    await expect(gunzip(Buffer.concat([Buffer.alloc(1), gzipSync('text')]), options)).rejects.toThrow(
      'other bytes follow the end',
    );
  });

  it('reads headers with every field', async () => {
    const packed = gzipSync('text');
    const fields = [...[3, 0, 7, 8, 9], ...Buffer.from('name\0a comment\0')];
    // The header's checksum is the lower half of zlib.crc32 in Python.
    const header = [...packed.subarray(0, 3), 4 | 8 | 16 | 2, ...[0, 0, 0, 0, 0, 3], ...fields];
    const bytes = (checksum: number[]) => Uint8Array.from([...header, ...checksum, ...packed.subarray(10)]);
    const good = [0xca, 0x3c];
    expect(Buffer.from(await gunzip(bytes(good), options)).toString()).toBe('text');
    await expect(gunzip(bytes([1, 2]), options)).rejects.toThrow('a wrong checksum');
    for (let length = 2; length < header.length + 2; length++) {
      await expect(gunzip(bytes(good).subarray(0, length), options)).rejects.toThrow(
        `[f] a.gz: ${length} bytes that can't be decompressed (they are truncated), wanted gzip.`,
      );
    }
  });

  it.each([
    ['method', 2, 7, 'an unknown compression method'],
    ['flags', 3, 0x20, 'unknown flags'],
  ])('refuses an unknown %s', async (_, at, value, reason) => {
    const packed = Uint8Array.from(gzipSync('text'));
    packed[at] = value;
    await expect(gunzip(packed, options)).rejects.toThrow(reason);
  });
});
