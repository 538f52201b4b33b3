import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { philox32 } from '../../../src/backends/wasm/scalar/philox.ts';
import { convert, type Expr, philox } from '../../../src/ir/expr.ts';
import { fillBits, philox4x32 } from '../../../src/ir/philox.ts';
import { loads } from '../js/plans.ts';
import { computeVectors, emptyPlan, instantiate, integers } from './vectors.ts';

const word = fc.integer({ min: 0, max: 0xffffffff });

describe('philox', () => {
  it('gives each lane the word of its own number, counter and key', () => {
    const args = Array.from({ length: 6 }, (_, k) => integers(4000, k + 1));
    const parts = loads('i32', 'i32', 'i32', 'i32', 'i32', 'i32').map((e) => convert(e, 'u32'));
    const [i, c1, c2, c3, key0, key1] = parts as [Expr, Expr, Expr, Expr, Expr, Expr];
    const got = computeVectors(philox(i, [c1, c2, c3], [key0, key1]), args);
    const block = new Uint32Array(4);
    for (let k = 0; k < got.length; k++) {
      const [n, ...rest] = args.map((a) => a[k]!) as [number, number, number, number, number, number];
      philox4x32(n >>> 2, ...rest, block);
      expect(got[k]).toBe(block[n & 3]! | 0);
    }
  });
});

describe('philox32', () => {
  const count = 32;
  const plan = emptyPlan();
  plan.module.export('run', philox32(plan));
  const { memory, functions } = instantiate(plan, 256);
  const at = 65536 + 64;
  const out = new Uint32Array(memory.buffer, at - 16, count + 8);

  it(`writes ${count} words of a stream, and no others`, () => {
    fc.assert(
      fc.property(fc.tuple(word, word, word, word, word, word), ([first, c1, c2, c3, key0, key1]) => {
        out.fill(7);
        const start = Math.min((first & -4) >>> 0, 2 ** 32 - count);
        functions.run!(at, start, c1, c2, c3, key0, key1);
        const wanted = new Uint32Array(count);
        fillBits(wanted, start, count, key0, key1, c1, c2, c3);
        expect([...out]).toEqual([7, 7, 7, 7, ...wanted, 7, 7, 7, 7]);
      }),
    );
  });

  it('is emitted once for each module', () => {
    expect(philox32(plan)).toBe(philox32(plan));
    expect(philox32(emptyPlan())).not.toBe(philox32(plan));
  });
});
