import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fillBits, philox4x32 } from '../../src/ir/philox.ts';

type Words = readonly [number, number, number, number, number, number];

const word = fc.integer({ min: 0, max: 0xffffffff });
const words = fc.tuple(word, word, word, word, word, word);

function block(args: Words): number[] {
  const out = new Uint32Array(4);
  philox4x32(...args, out);
  return [...out];
}

/** The same from the paper's formulas, with integers of any size. */
function plainPhilox([c0, c1, c2, c3, key0, key1]: Words): number[] {
  const mask = 0xffffffffn;
  let c = [c0, c1, c2, c3].map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = [BigInt(key0), BigInt(key1)];
  for (let round = 0; round < 10; round++) {
    const p0 = 0xd2511f53n * c[0];
    const p1 = 0xcd9e8d57n * c[2];
    c = [(p1 >> 32n) ^ c[1] ^ k0, p1 & mask, (p0 >> 32n) ^ c[3] ^ k1, p0 & mask];
    k0 = (k0 + 0x9e3779b9n) & mask;
    k1 = (k1 + 0xbb67ae85n) & mask;
  }
  return c.map(Number);
}

describe('philox4x32', () => {
  // Random123 1.14, tests/kat_vectors, philox4x32 10.
  it.each<{ args: Words; expected: number[] }>([
    { args: [0, 0, 0, 0, 0, 0], expected: [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8] },
    {
      args: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      expected: [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    },
    {
      args: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0],
      expected: [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    },
  ])('gives the published vector $expected', ({ args, expected }) => {
    expect(block(args)).toEqual(expected);
  });

  it('follows the formulas for any counter and key', () => {
    fc.assert(
      fc.property(words, (args) => {
        expect(block(args)).toEqual(plainPhilox(args));
      }),
    );
  });

  it('takes signed and unsigned words alike and writes only its four', () => {
    fc.assert(
      fc.property(words, (args) => {
        const [a, b, c, d, e, f] = args;
        const signed: Words = [a | 0, b | 0, c | 0, d | 0, e | 0, f | 0];
        expect(block(signed)).toEqual(block(args));
        const out = new Uint32Array(8).fill(7);
        philox4x32(...args, out, 2);
        expect([...out]).toEqual([7, 7, ...block(args), 7, 7]);
      }),
    );
  });
});

describe('fillBits', () => {
  const fill = (first: number, count: number, [key0, key1, c1, c2, c3]: readonly number[]): number[] => {
    const out = new Uint32Array(count);
    fillBits(out, first, count, key0!, key1!, c1!, c2!, c3!);
    return [...out];
  };

  it('gives word i & 3 of block i >>> 2, wherever it starts', () => {
    fc.assert(
      fc.property(words, fc.integer({ min: 0, max: 40 }), ([first, key0, key1, c1, c2, c3], count) => {
        const got = fill(first, count, [key0, key1, c1, c2, c3]);
        const expected = Array.from({ length: count }, (_, j) => {
          const i = (first + j) >>> 0;
          return block([i >>> 2, c1, c2, c3, key0, key1])[i & 3]!;
        });
        expect(got).toEqual(expected);
      }),
    );
  });

  it('starts again at word 0 after 2^32 words', () => {
    const key = [1, 2, 3, 4, 5];
    expect(fill(0xfffffffe, 5, key)).toEqual([...fill(0xfffffffe, 2, key), ...fill(0, 3, key)]);
  });

  it('leaves the rest of the array alone', () => {
    const out = new Uint32Array(12).fill(7);
    fillBits(out, 3, 6, 1, 2, 3, 4, 5);
    expect([...out].slice(6)).toEqual([7, 7, 7, 7, 7, 7]);
    fillBits(out, 3, 0, 1, 2, 3, 4, 5);
    expect([...out].slice(6)).toEqual([7, 7, 7, 7, 7, 7]);
  });

  it('gives other words for every change of key or counter', () => {
    const base = [1, 2, 3, 4, 5];
    const streams = [base, ...base.map((_, i) => base.map((v, j) => (i === j ? v + 1 : v)))];
    const all = streams.flatMap((s) => fill(0, 1000, s));
    // 6,000 draws from 2^32 collide 0.004 times on average.
    expect(new Set(all).size).toBe(all.length);
  });

  it('is uniform: chi-square over bytes, and as many ones as zeros in each bit', () => {
    const count = 1 << 16;
    const drawn = fill(0, count, [2024, 0, 0, 0, 0]);
    const bytes = new Float64Array(256);
    const ones = new Float64Array(32);
    for (const w of drawn) {
      for (let b = 0; b < 32; b += 8) bytes[(w >>> b) & 255]! += 1;
      for (let b = 0; b < 32; b++) ones[b]! += (w >>> b) & 1;
    }
    const expected = (count * 4) / 256;
    const chiSquare = bytes.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    // 255 degrees of freedom: mean 255, deviation 22.6.
    expect(chiSquare).toBeGreaterThan(165);
    expect(chiSquare).toBeLessThan(345);
    for (const n of ones) expect(Math.abs(n - count / 2)).toBeLessThan(5 * Math.sqrt(count / 4));
  });
});
