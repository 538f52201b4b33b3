import { constants, deflateRawSync, gzipSync, inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gunzip } from '../../src/data/gzip.ts';
import { ByteOutput, Inflater } from '../../src/data/inflate.ts';

/** Decompresses DEFLATE data; null if they are refused. */
function inflate(
  data: Uint8Array,
  limit = Number.POSITIVE_INFINITY,
): { bytes: Uint8Array; end: number } | null {
  const output = new ByteOutput(1, limit);
  const inflater = new Inflater(data, 0, output);
  try {
    while (!inflater.block() && !output.full);
  } catch {
    return null;
  }
  return { bytes: output.written(), end: inflater.end };
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

describe('Inflater', () => {
  it('decompresses what zlib compressed, and finds the end', () => {
    fc.assert(
      fc.property(contents, settings, fc.uint8Array({ maxLength: 9 }), (data, options, rest) => {
        const packed = deflateRawSync(data, options);
        const found = inflate(Buffer.concat([packed, rest]));
        expect(found?.end).toBe(packed.length);
        expect(same(found!.bytes, data)).toBe(true);
      }),
      { seed: 1, numRuns: 150 },
    );
  });

  it('reads several blocks', () => {
    const parts = ['one ', 'two two two two ', 'three'].map((text) => Buffer.from(text));
    const flushed = parts.map((part, i) =>
      deflateRawSync(part, { finishFlush: i < 2 ? constants.Z_FULL_FLUSH : constants.Z_FINISH }),
    );
    expect(Buffer.from(inflate(Buffer.concat(flushed))!.bytes).toString()).toBe('one two two two two three');
  });

  it('refuses what zlib refuses, and reads the same from damaged data', () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 3 });
    let read = 0;
    let refused = 0;
    fc.assert(
      fc.property(contents, settings, flips, fc.boolean(), (data, options, at, cut) => {
        let packed = Uint8Array.from(deflateRawSync(data, options));
        for (const [i, bit] of at) packed[i % packed.length]! ^= 1 << bit;
        if (cut) packed = packed.subarray(0, at[0]![0] % (packed.length + 1));
        let wanted: Buffer | null = null;
        try {
          wanted = inflateRawSync(packed, { maxOutputLength: 1 << 27 });
        } catch {}
        const found = inflate(packed);
        if (wanted === null) {
          expect(found).toBe(null);
          refused++;
        } else {
          expect(found !== null && same(found.bytes, wanted)).toBe(true);
          read++;
        }
      }),
      { seed: 2, numRuns: 600 },
    );
    expect(read).toBeGreaterThan(20);
    expect(refused).toBeGreaterThan(200);
  });

  it('stops at a limit', () => {
    const data = Buffer.alloc(300_000, 'some text and ');
    for (const level of [0, 9]) {
      const packed = deflateRawSync(data, { level });
      for (const limit of [0, 1, 257, 258, 259, 65_535, 65_537, 299_999, 300_000, 300_001]) {
        const found = inflate(packed, limit)!;
        expect(same(found.bytes, data.subarray(0, limit)), `${limit}`).toBe(true);
      }
    }
  });
});

describe('gunzip', () => {
  const options = { operation: 'f', name: 'a.gz' };

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
