import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DoubleArithmetic } from '../../src/ir/math/arithmetic.ts';
import * as all from '../../src/ir/math/double/definitions.ts';
import * as host from '../../src/ir/math/double/host.ts';

const { numbers, ...math } = host;
const definitions = { ...all };
const { pow: _pow, ...unaryDefinitions } = definitions;

type Name = keyof typeof definitions;

const names = Object.keys(definitions) as Name[];
const unaryNames = Object.keys(unaryDefinitions) as (keyof typeof unaryDefinitions)[];
const call = (name: Name, [x, y]: readonly number[]): number =>
  name === 'pow' ? math.pow(x!, y!) : math[name](x!);

/** Points [arguments..., value, rest] from mpmath: the true value is value + rest. */
const reference: Record<Name, number[][]> = JSON.parse(
  readFileSync(new URL('../reference/intrinsics.json', import.meta.url), 'utf8'),
);

/** sin and cos are defined below 2^128 only. */
const isDefined = (name: Name, x: number): boolean =>
  (name !== 'sin' && name !== 'cos') || !(Math.abs(x) >= 2 ** 128 && Math.abs(x) < Infinity);
for (const name of ['sin', 'cos'] as const)
  reference[name] = reference[name].filter(([x]) => isDefined(name, x!));

/** Largest error in units in the last place. */
const TOLERANCE: Record<Name, number> = {
  exp: 0.9,
  log: 0.8,
  log1p: 0.9,
  sin: 0.8,
  cos: 0.8,
  erf: 3,
  pow: 0.9,
};

/** Distance of two doubles, or floats, around `value`. */
function ulp(value: number, digits: 24 | 53): number {
  const smallest = digits === 53 ? -1074 : -149;
  const exponent = value === 0 ? smallest : Math.floor(Math.log2(Math.abs(value)));
  // log2 may round up to the next integer.
  const floor = 2 ** exponent > Math.abs(value) ? exponent - 1 : exponent;
  return 2 ** Math.max(floor - digits + 1, smallest);
}

const double = fc.oneof(
  fc.double(),
  fc.double({ min: -800, max: 800 }),
  fc.double({ min: -2, max: 2 }),
  fc.constantFrom(
    0,
    -0,
    1,
    -1,
    0.5,
    Infinity,
    -Infinity,
    NaN,
    5e-324,
    Number.MAX_VALUE,
    709.782712893384,
    1647099,
  ),
);
const single = fc.oneof(
  fc.float({ noNaN: true }),
  fc.float({ min: -100, max: 100, noNaN: true }),
  fc.float({ min: -2, max: 2, noNaN: true }),
);

describe('values', () => {
  it.each(names)('%s is within its tolerance of the true values', (name) => {
    let worst = 0;
    for (const point of reference[name]) {
      const [value, rest] = point.slice(-2) as [number, number];
      const got = call(name, point);
      const error = Math.abs(got - value - rest) / ulp(value, 53);
      expect(error, `${name}(${point.slice(0, -2)}) = ${got}, not ${value}`).toBeLessThan(TOLERANCE[name]);
      worst = Math.max(worst, error);
    }
    expect(reference[name].length).toBeGreaterThan(200);
    expect(worst, 'a tolerance that no error comes near holds nothing').toBeGreaterThan(
      0.5 * TOLERANCE[name],
    );
  });

  it.each(names)('%s rounds to the right float32', (name) => {
    for (const point of reference[name]) {
      const [value, rest] = point.slice(-2) as [number, number];
      if (Math.abs(value) > 3.4028235e38) continue;
      const got = Math.fround(call(name, point));
      const error = Math.abs(got - value - rest) / ulp(value, 24);
      expect(error, `${name}(${point.slice(0, -2)}) = ${got}, not ${value}`).toBeLessThan(0.5 + 1e-7);
    }
  });

  it('pow is exact where its result is a power of two or a short integer', () => {
    for (let e = -1074; e < 1024; e++) expect(math.pow(2, e)).toBe(2 ** e);
    for (let b = 2; b <= 40; b++) {
      for (let e = 0, exact = 1; exact <= 2 ** 53; e++, exact *= b) {
        expect(math.pow(b, e)).toBe(exact);
        expect(math.pow(-b, e)).toBe(e % 2 === 0 ? exact : -exact);
      }
    }
  });
});

describe('special values', () => {
  const { MAX_VALUE, MIN_VALUE } = Number;
  const unary: Record<keyof typeof unaryDefinitions, readonly (readonly [number, number])[]> = {
    exp: [
      [0, 1],
      [-0, 1],
      [Infinity, Infinity],
      [-Infinity, 0],
      [709.782712893384, 1.7976931348622732e308],
      [709.7827128933841, Infinity],
      [MAX_VALUE, Infinity],
      [-745.1332191019411, MIN_VALUE],
      [-745.1332191019412, 0],
      [-MAX_VALUE, 0],
    ],
    log: [
      [1, 0],
      [0, -Infinity],
      [-0, -Infinity],
      [Infinity, Infinity],
      [-MIN_VALUE, NaN],
      [-1, NaN],
      [-Infinity, NaN],
    ],
    log1p: [
      [0, 0],
      [-0, -0],
      [MIN_VALUE, MIN_VALUE],
      [-MIN_VALUE, -MIN_VALUE],
      [-1, -Infinity],
      [Infinity, Infinity],
      [-1.0000000000000002, NaN],
      [-Infinity, NaN],
    ],
    sin: [
      [0, 0],
      [-0, -0],
      [MIN_VALUE, MIN_VALUE],
      [Infinity, NaN],
      [-Infinity, NaN],
    ],
    cos: [
      [0, 1],
      [-0, 1],
      [MIN_VALUE, 1],
      [Infinity, NaN],
      [-Infinity, NaN],
    ],
    erf: [
      [0, 0],
      [-0, -0],
      [MIN_VALUE, MIN_VALUE],
      [6, 1],
      [-6, -1],
      [Infinity, 1],
      [-Infinity, -1],
    ],
  };

  it.each(unaryNames)('%s', (name) => {
    for (const [x, y] of unary[name]) expect(math[name](x), `${name}(${x})`).toBe(y);
    expect(math[name](NaN)).toBe(NaN);
  });

  // ISO C99, F.9.4.4
  it.each<[number, number, number]>([
    [0, -3, Infinity],
    [-0, -3, -Infinity],
    [0, -2, Infinity],
    [-0, -2, Infinity],
    [0, -0.5, Infinity],
    [-0, -0.5, Infinity],
    [0, 3, 0],
    [-0, 3, -0],
    [0, 2, 0],
    [-0, 2, 0],
    [-0, 0.5, 0],
    [0, Infinity, 0],
    [-0, Infinity, 0],
    [0, -Infinity, Infinity],
    [-0, -Infinity, Infinity],
    [-1, Infinity, 1],
    [-1, -Infinity, 1],
    [1, NaN, 1],
    [1, Infinity, 1],
    [1, -Infinity, 1],
    [NaN, 0, 1],
    [NaN, -0, 1],
    [Infinity, 0, 1],
    [-Infinity, -0, 1],
    [0, 0, 1],
    [-0, -0, 1],
    [-2, 0.5, NaN],
    [-2, -1.5, NaN],
    [-5e-324, 0.5, NaN],
    [NaN, 1, NaN],
    [2, NaN, NaN],
    [0, NaN, NaN],
    [-1, NaN, NaN],
    [NaN, Infinity, NaN],
    [0.5, -Infinity, Infinity],
    [-0.5, -Infinity, Infinity],
    [2, -Infinity, 0],
    [-2, -Infinity, 0],
    [0.5, Infinity, 0],
    [-0.5, Infinity, 0],
    [2, Infinity, Infinity],
    [-2, Infinity, Infinity],
    [-Infinity, -3, -0],
    [-Infinity, -2, 0],
    [-Infinity, -0.5, 0],
    [-Infinity, 3, -Infinity],
    [-Infinity, 2, Infinity],
    [-Infinity, 0.5, Infinity],
    [Infinity, -1, 0],
    [Infinity, 1, Infinity],
    [Infinity, Infinity, Infinity],
    [-Infinity, Infinity, Infinity],
    [Infinity, -Infinity, 0],
    [-Infinity, -Infinity, 0],
    [2, 1024, Infinity],
    [-2, 1025, -Infinity],
    [-2, -1075, -0],
    [-2, -1074, 5e-324],
    [1e300, 1e300, Infinity],
    [1e300, -1e300, 0],
    [0.9999999999999999, 1e300, 0],
    [-1, 9007199254740991, -1],
    [-1, 9007199254740992, 1],
    [-1, 1.7976931348623157e308, 1],
  ])('pow(%d, %d) = %d', (x, y, expected) => {
    expect(math.pow(x, y)).toBe(expected);
  });
});

describe('properties', () => {
  const moderate = double.filter((x) => isDefined('sin', x));

  it.each(['sin', 'erf'] as const)('%s is odd', (name) => {
    fc.assert(
      fc.property(moderate, (x) => {
        expect(math[name](-x)).toBe(-math[name](x));
      }),
    );
  });

  it('cos is even', () => {
    fc.assert(
      fc.property(moderate, (x) => {
        expect(math.cos(-x)).toBe(math.cos(x));
      }),
    );
  });

  it.each(['sin', 'cos', 'erf'] as const)('%s stays within [-1, 1]', (name) => {
    fc.assert(
      fc.property(moderate, (x) => {
        const y = math[name](x);
        expect(Number.isNaN(y) || Math.abs(y) <= 1).toBe(true);
      }),
    );
  });

  it.each(['exp', 'erf'] as const)('%s as float32 never falls', (name) => {
    fc.assert(
      fc.property(single, single, (x, y) => {
        const [lo, hi] = [Math.min(x, y), Math.max(x, y)];
        expect(Math.fround(math[name](lo))).toBeLessThanOrEqual(Math.fround(math[name](hi)));
      }),
    );
  });

  it.each(['log', 'log1p'] as const)('%s as float32 never falls', (name) => {
    fc.assert(
      fc.property(single, single, (x, y) => {
        const [lo, hi] = [Math.min(Math.abs(x), Math.abs(y)), Math.max(Math.abs(x), Math.abs(y))];
        expect(Math.fround(math[name](lo))).toBeLessThanOrEqual(Math.fround(math[name](hi)));
      }),
    );
  });

  it('pow(x, 1) is x, pow(x, 0) is 1, and pow(-x, n) has the sign of its parity', () => {
    fc.assert(
      fc.property(double, fc.integer({ min: -40, max: 40 }), (x, n) => {
        expect(math.pow(x, 1)).toBe(x);
        expect(math.pow(x, 0)).toBe(1);
        expect(math.pow(-x, n)).toBe(n % 2 === 0 ? math.pow(x, n) : -math.pow(x, n));
      }),
    );
  });

  it('sin^2 + cos^2 is 1 for every finite float32', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (x) => {
        const [s, c] = [math.sin(x), math.cos(x)];
        expect(Math.abs(s * s + c * c - 1)).toBeLessThan(4e-16);
      }),
    );
  });
});

/**
 * An instance of `DoubleArithmetic` for numbers that uses all freedom of the interface: it evaluates both sides of every choice,
 * and returns `garbage` where the interface says "any number".
 */
function careless(garbage: number): DoubleArithmetic<number, boolean> {
  const bits = new DataView(new ArrayBuffer(8));
  return {
    ...numbers,
    exponent: (a) => {
      bits.setFloat64(0, a);
      const exponent = ((bits.getInt32(0) >>> 20) & 2047) - 1023;
      return exponent === -1023 || exponent === 1024 ? garbage : exponent;
    },
    powerOfTwo: (n) => (Number.isInteger(n) && n >= -1022 && n <= 1023 ? 2 ** n : garbage),
    lookup: (table, i) => table[i] ?? garbage,
    seldom: (p, rare, usual) => {
      const values = rare();
      return p ? values : usual;
    },
  };
}

describe('host functions', () => {
  it.each([NaN, 0, -1e300, Infinity])('have the bits of every other instance (any number: %d)', (garbage) => {
    const m = careless(garbage);
    fc.assert(
      fc.property(double, double, (x, y) => {
        for (const name of unaryNames) {
          if (isDefined(name, x)) expect(definitions[name](m, x), name).toBe(math[name](x));
        }
        expect(definitions.pow(m, x, y)).toBe(math.pow(x, y));
      }),
      { numRuns: 1000 },
    );
    for (const name of names) {
      for (const point of reference[name]) {
        const [x, y] = point as [number, number];
        const got = name === 'pow' ? definitions.pow(m, x, y) : definitions[name](m, x);
        expect(got, `${name}(${x})`).toBe(call(name, point));
      }
    }
  });
});
