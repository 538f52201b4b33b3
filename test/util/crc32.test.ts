import { describe, expect, test } from 'vitest';
import { crc32, portableCrc32 } from '../../src/util/crc32.ts';

describe.each([
  ['crc32', crc32],
  ['portableCrc32', portableCrc32],
])('%s', (_name, checksum) => {
  test('is the checksum of RFC 1952 for every length and alignment', () => {
    // The check value of the catalog of CRC algorithms, CRC-32/ISO-HDLC.
    expect(checksum(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
    expect(checksum(new Uint8Array(0))).toBe(0);
    const bytes = Uint8Array.from({ length: 70 }, (_, i) => (i * 167 + 13) & 255);
    for (let from = 0; from < 9; from++)
      for (let to = from; to <= bytes.length; to++) {
        const part = bytes.subarray(from, to);
        expect(checksum(part), `${from} to ${to}`).toBe(bitwise(part));
      }
  });

  test('goes on from the bytes before, also in shared memory', () => {
    const bytes = new Uint8Array(new SharedArrayBuffer(70)).map((_, i) => (i * 167 + 13) & 255);
    for (let at = 0; at <= bytes.length; at++)
      expect(checksum(bytes.subarray(at), checksum(bytes.subarray(0, at)))).toBe(bitwise(bytes));
  });
});

/** The definition: division of polynomials, bit by bit. */
function bitwise(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
