import * as zlib from 'node:zlib';
import { expect, test } from 'vitest';
import { crc32 } from '../../src/util/crc32.ts';

const bytes = Uint8Array.from({ length: 100 }, (_, i) => (i * i * 37 + 11 * i) & 255);
const reference = (zlib as unknown as { crc32(data: Uint8Array): number }).crc32;

test('the check value of the catalogue of CRC algorithms, and of nothing', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  expect(crc32(new Uint8Array(0))).toBe(0);
});

test("zlib's values for all lengths and positions", () => {
  for (let from = 0; from < 9; from++) {
    for (let to = from; to <= bytes.length; to++) {
      const part = bytes.subarray(from, to);
      expect(crc32(part)).toBe(reference(part));
    }
  }
});

test('in parts', () => {
  for (let at = 0; at <= bytes.length; at++) {
    expect(crc32(bytes.subarray(at), crc32(bytes.subarray(0, at)))).toBe(reference(bytes));
  }
});
