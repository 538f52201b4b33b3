import type { Code, Local } from '../assembler/code.ts';
import { perPlan } from '../module/per-plan.ts';
import { i32x4 } from './literals.ts';

// Philox 4x32-10 as in src/ir/philox.ts, one block in each lane.

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

type PhiloxBlock = readonly [Local, Local, Local, Local];

/**
 * Emits the four words of the block in each lane; counters and keys may differ from lane to lane. Several vectors of
 * blocks are interleaved round by round, which hides the latency of the multiplications.
 */
function emitBlocks(
  code: Code,
  counters: readonly PhiloxBlock[],
  keys: readonly [Local, Local],
): PhiloxBlock[] {
  let blocks = [...counters];
  let [key0, key1] = keys;
  for (let round = 0; round < ROUNDS; round++) {
    if (round > 0) {
      key0 = code.op('i32x4.add', key0, i32x4(code, WEYL_0));
      key1 = code.op('i32x4.add', key1, i32x4(code, WEYL_1));
    }
    blocks = blocks.map(([a, b, c, d]): PhiloxBlock => {
      const first = emitProduct(code, a, MULTIPLIER_0);
      const second = emitProduct(code, c, MULTIPLIER_1);
      const mixed0 = code.op('v128.xor', second.high, code.op('v128.xor', b, key0));
      const mixed2 = code.op('v128.xor', first.high, code.op('v128.xor', d, key1));
      return [mixed0, second.low, mixed2, first.low];
    });
  }
  return blocks;
}

/** The low and high 32 bits of the products. */
function emitProduct(code: Code, x: Local, multiplier: number): { low: Local; high: Local } {
  const m = i32x4(code, multiplier);
  const front = code.op('i64x2.extmul_low_i32x4_u', x, m);
  const back = code.op('i64x2.extmul_high_i32x4_u', x, m);
  return { low: code.op('i32x4.mul', x, m), high: code.shuffle([1, 3, 5, 7], front, back) };
}

/** A function (i, c1, c2, c3, key0, key1) of u32 vectors: word i of the stream, in each lane. */
export const philoxWords = perPlan((plan) =>
  plan.module.function(Array(6).fill('v128'), ['v128'], (code, i, c1, c2, c3, key0, key1) => {
    const block = code.op('i32x4.shr_u', i!, 2);
    const [[a, b, c, d]] = emitBlocks(code, [[block, c1!, c2!, c3!]], [key0!, key1!]) as [PhiloxBlock];
    // Masks from bits 0 and 1 of the word's number.
    const [odd, upper] = [31, 30].map((n) => code.op('i32x4.shr_s', code.op('i32x4.shl', i!, n), 31));
    const low = code.op('v128.bitselect', b, a, odd!);
    const high = code.op('v128.bitselect', d, c, odd!);
    code.return(code.op('v128.bitselect', high, low, upper!));
  }),
);

/**
 * A function (address, first, c1, c2, c3, key0, key1) that writes 32 words of a stream to memory, from word `first` on, a
 * multiple of 4. Two vectors of blocks are interleaved to hide the latency of the multiplications.
 */
export const philox32 = perPlan((plan) =>
  plan.module.function(Array(7).fill('i32'), [], (code, address, first, ...stream) => {
    const block = code.op('i32x4.splat', code.op('i32.shr_u', first!, 2));
    const [c1, c2, c3, key0, key1] = stream.map((word) => code.op('i32x4.splat', word));
    const counters = [0, 1].map((k): PhiloxBlock => {
      const numbers = code.literal(Int32Array.of(0, 1, 2, 3).map((l) => l + 4 * k));
      return [code.op('i32x4.add', block, numbers), c1!, c2!, c3!];
    });
    emitBlocks(code, counters, [key0!, key1!]).forEach(([a, b, c, d], k) => {
      // Lane l of a, b, c and d holds block l: a 4 x 4 transposition.
      const [ab, cd] = [code.shuffle([0, 4, 1, 5], a, b), code.shuffle([0, 4, 1, 5], c, d)];
      const [abLate, cdLate] = [code.shuffle([2, 6, 3, 7], a, b), code.shuffle([2, 6, 3, 7], c, d)];
      code.store('v128.store', address!, code.shuffle([0, 1, 4, 5], ab, cd), 64 * k);
      code.store('v128.store', address!, code.shuffle([2, 3, 6, 7], ab, cd), 64 * k + 16);
      code.store('v128.store', address!, code.shuffle([0, 1, 4, 5], abLate, cdLate), 64 * k + 32);
      code.store('v128.store', address!, code.shuffle([2, 3, 6, 7], abLate, cdLate), 64 * k + 48);
    });
  }),
);
