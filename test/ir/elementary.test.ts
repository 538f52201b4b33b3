import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../src/index.ts';
import type { SingleArithmetic } from '../../src/ir/math/arithmetic.ts';
import { floats, intrinsics } from '../../src/ir/math/index.ts';
import { full } from '../tooling/effort.ts';
import { findErrors, promised } from './elementary-errors.ts';

type Name = keyof typeof intrinsics;
const names = Object.keys(intrinsics) as Name[];
const call = (name: Name, x: number, y = NaN): number => intrinsics[name](floats, x, y);

afterAll(() => setBackend('wasm'));

describe('float32 functions', () => {
  // scripts/elementary-functions.ts checks all floats.
  it.each(Object.keys(promised))(
    '%s is as exact as promised, with the same bits on both backends',
    async (name) => {
      const found = await findErrors(name, full ? 262_139 : 1_048_573, 1);
      expect(found.problems).toEqual([]);
      expect(found.worst, 'a limit that no error comes near holds nothing').toBeGreaterThan(
        (full ? 0.4 : 0.3) * promised[name]!.ulps,
      );
    },
  );

  const { fround } = Math;
  const SMALLEST = 1.401298464324817e-45;
  const LARGEST = 3.4028234663852886e38;
  const above = (x: number, steps: number): number => {
    const bits = new Int32Array(Float32Array.of(x).buffer);
    return new Float32Array(bits.map((b) => b + steps).buffer)[0]!;
  };
  const special: Record<Exclude<Name, 'pow'>, readonly (readonly [number, number])[]> = {
    exp: [
      [0, 1],
      [-0, 1],
      [Infinity, Infinity],
      [-Infinity, 0],
      [88.72283172607422, 3.402798519021476e38],
      [above(88.72283172607422, 1), Infinity],
      [LARGEST, Infinity],
      [-103.97207641601562, SMALLEST],
      [above(-103.97207641601562, 1), 0],
      [-LARGEST, 0],
      [SMALLEST, 1],
    ],
    expm1: [
      [0, 0],
      [-0, -0],
      [SMALLEST, SMALLEST],
      [-SMALLEST, -SMALLEST],
      [Infinity, Infinity],
      [-Infinity, -1],
      [above(88.72283172607422, 1), Infinity],
      [-18, -1],
      [-LARGEST, -1],
    ],
    log: [
      [1, 0],
      [0, -Infinity],
      [-0, -Infinity],
      [Infinity, Infinity],
      [SMALLEST, fround(Math.log(SMALLEST))],
      [LARGEST, fround(Math.log(LARGEST))],
      [-SMALLEST, NaN],
      [-1, NaN],
      [-Infinity, NaN],
    ],
    log1p: [
      [0, 0],
      [-0, -0],
      [SMALLEST, SMALLEST],
      [-SMALLEST, -SMALLEST],
      [-1, -Infinity],
      [Infinity, Infinity],
      [LARGEST, fround(Math.log(LARGEST))],
      [above(-1, 1), NaN],
      [-Infinity, NaN],
    ],
    sin: [
      [0, 0],
      [-0, -0],
      [SMALLEST, SMALLEST],
      [Infinity, NaN],
      [-Infinity, NaN],
    ],
    cos: [
      [0, 1],
      [-0, 1],
      [SMALLEST, 1],
      [Infinity, NaN],
      [-Infinity, NaN],
    ],
    tanh: [
      [0, 0],
      [-0, -0],
      [SMALLEST, SMALLEST],
      [-SMALLEST, -SMALLEST],
      [9.1, 1],
      [-20, -1],
      [Infinity, 1],
      [-Infinity, -1],
    ],
    erf: [
      [0, 0],
      [-0, -0],
      [SMALLEST, SMALLEST],
      [4, 1],
      [-6, -1],
      [Infinity, 1],
      [-Infinity, -1],
    ],
    sigmoid: [
      [0, 0.5],
      [-0, 0.5],
      [SMALLEST, 0.5],
      [17, 1],
      [Infinity, 1],
      [LARGEST, 1],
      [-80, fround(Math.exp(-80))],
      [-103.97207641601562, SMALLEST],
      [above(-103.97207641601562, 1), 0],
      [-Infinity, 0],
    ],
    softplus: [
      [0, fround(Math.LN2)],
      [-0, fround(Math.LN2)],
      [18, 18],
      [LARGEST, LARGEST],
      [Infinity, Infinity],
      [-80, fround(Math.exp(-80))],
      [-103.97207641601562, SMALLEST],
      [above(-103.97207641601562, 1), 0],
      [-Infinity, 0],
    ],
  };

  it.each(Object.keys(special) as (keyof typeof special)[])('special values of %s', (name) => {
    for (const [x, y] of special[name]) expect(call(name, fround(x)), `${name}(${x})`).toBe(y);
    expect(call(name, NaN)).toBe(NaN);
  });

  /**
   * An instance for numbers that uses all freedom of the interface: it evaluates both sides of every choice, and returns
   * `garbage` where the interface says "any number".
   */
  const careless = (garbage: number): SingleArithmetic<number, boolean> => ({
    ...floats,
    split: (a) =>
      a >= 1.1754943508222875e-38 && a < Infinity ? floats.split(a) : { k: garbage, fraction: garbage },
    powerOfTwo: (n) => (Number.isInteger(n) && n >= -126 && n <= 127 ? 2 ** n : garbage),
    scale: (a, k) => (Number.isInteger(k) && Math.abs(k) < 200 ? floats.scale(a, k) : a * garbage),
    quarterTurns: (n, sine, cosine) =>
      floats.quarterTurns(
        Number.isInteger(n) && Math.abs(n) < 2 ** 22 ? n : garbage < 0 ? 3 : 0,
        sine,
        cosine,
      ),
    seldom: (p, rare, usual) => {
      const values = rare();
      return p ? values : usual;
    },
  });

  it.each([NaN, 0, -1e30, Infinity])('have the same bits in every instance (any number: %d)', (garbage) => {
    const m = careless(garbage);
    const single = fc.oneof(fc.float(), fc.float({ min: -100, max: 100 }), fc.float({ min: -2, max: 2 }));
    fc.assert(
      fc.property(single, single, (x, y) => {
        for (const name of names) expect(intrinsics[name](m, x, y), name).toBe(call(name, x, y));
      }),
      { numRuns: full ? 3000 : 1000 },
    );
  });
});
