import { describe, expect, test } from 'vitest';
import { cummax, cummin, cumprod, cumsum, gradients } from '../../src/index.ts';
import { firstDifference } from '../tensor/bits.ts';
import { expectRewritten, expectSame, random } from './same-bits.ts';

describe('cumulative operations', () => {
  test.each([
    [[3], 0],
    [[4097], 0],
    [[12_291], 0],
    [[5, 2, 3], 1],
    [[2, 17, 600], 1],
    [[4101, 3], 0],
    [[3, 4099], 1],
    [[70, 33, 1], 1],
  ] as const)('%j along axis %i', (shape, axis) => {
    const x = random(...shape);
    const y = x.mul(0.01).add(1);
    expectSame([
      cumsum(x, axis),
      cumsum(x, axis, { exclusive: true }),
      cumsum(x.flip(axis).mul(2), axis, { reverse: true }).relu(),
      cumprod(y, axis),
      cumprod(y, axis, { exclusive: true, reverse: true }),
      cummax(x, axis),
      cummin(x, axis),
      cumsum(x.mul(100).cast('int32'), axis),
      cummax(x.greater(1), axis),
      ...gradients(cumprod(y, axis).mul(x).sum(), [y]),
      ...gradients(cummax(x, axis).mul(y).sum(), [x]),
    ]);
  });

  test.each([
    [[64], 0],
    [[65], 0],
    [[9000], 0],
    [[3, 200, 5], 1],
    [[0, 3], 1],
  ] as const)('%j along axis %i, rewritten for one thread per element', (shape, axis) => {
    const x = random(...shape);
    const y = x.mul(0.01).add(1);
    expectRewritten(
      [
        cumsum(x, axis),
        cumsum(x, axis, { exclusive: true }).relu(),
        cumprod(y, axis, { exclusive: true, reverse: true }),
        cummax(x, axis),
        cummin(x, axis),
        cumsum(x.mul(100).cast('int32'), axis),
        ...gradients(cumprod(y, axis).mul(x).sum(), [y]),
      ],
      1e-3,
    );
  });

  test('have the stated order of accumulation', () => {
    const x = random(10_001);
    const f = Math.fround;
    const wanted = new Float32Array(10_001);
    const data = x.dataSync();
    let [base, carry] = [0, 0];
    for (let i = 0; i < 10_001; i++) {
      if (i % 4096 === 0) [base, carry] = [f(base + carry), 0];
      const [a, b, c, d] = [i, i - 1, i - 2, i - 3].map((k) => data[k] ?? 0) as [
        number,
        number,
        number,
        number,
      ];
      const group = [a, f(a + b), f(f(a + b) + c), f(f(a + b) + f(c + d))][i % 4]!;
      const y = f(carry + group);
      wanted[i] = f(base + y);
      if (i % 4 === 3) carry = y;
    }
    expect(firstDifference(cumsum(x).dataSync(), wanted)).toBeNull();
    let sum = 0;
    const exact = Float64Array.from(data, (v) => (sum += v));
    wanted.forEach((y, i) => {
      expect(Math.abs(y - exact[i]!)).toBeLessThan(1e-3);
    });
  });
});
