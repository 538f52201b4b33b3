import { choice, type Dimension, integer, logUniform, type Space, uniform } from 'ndgrad/search';
import { describe, expect, it } from 'vitest';
import { gridOf, randomPoints, trialSeed } from '../../src/search/space.ts';

const DRAWS = 5000;

/** One column of random points. */
function draws<T>(dimension: Dimension<T>, seed = 1): T[] {
  const space = { other: uniform(0, 1), x: dimension } as Space;
  return randomPoints(space, seed, DRAWS).map(({ x }) => x as T);
}

/** The Kolmogorov-Smirnov distance of values from a distribution function. */
function distance(values: readonly number[], distribution: (x: number) => number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.max(
    ...sorted.map((x, i) => {
      const expected = distribution(x);
      return Math.max(Math.abs(expected - i / DRAWS), Math.abs((i + 1) / DRAWS - expected));
    }),
  );
}

/** What the distance exceeds in one of 100 cases. */
const CRITICAL = 1.63 / Math.sqrt(DRAWS);

/** Chi-squared over its degrees of freedom: about 1, with a standard deviation of sqrt(2 / freedom). */
function spread(values: readonly unknown[], expected: ReadonlyMap<unknown, number>): number {
  const counts = new Map([...expected.keys()].map((value) => [value, 0]));
  for (const value of values) counts.set(value, counts.get(value)! + 1);
  let sum = 0;
  for (const [value, share] of expected) sum += (counts.get(value)! - share * DRAWS) ** 2 / (share * DRAWS);
  return sum / (expected.size - 1);
}

describe('what is drawn', () => {
  it('uniform is even', () => {
    const values = draws(uniform(-1, 3));
    expect(distance(values, (x) => (x + 1) / 4)).toBeLessThan(CRITICAL);
    expect(distance(values, (x) => (x + 1) / 4.4)).toBeGreaterThan(CRITICAL); // it can tell
  });

  it('logUniform is even in its logarithm', () => {
    const values = draws(logUniform(1e-4, 1e-1));
    expect(distance(values, (x) => Math.log10(x / 1e-4) / 3)).toBeLessThan(CRITICAL);
    expect(Math.min(...values)).toBeGreaterThanOrEqual(1e-4);
    expect(Math.max(...values)).toBeLessThanOrEqual(1e-1);
  });

  it('integer is even, with both ends', () => {
    const expected = new Map([32, 64, 96, 128, 160].map((v) => [v, 1 / 5]));
    expect(spread(draws(integer(32, 170, { step: 32 })), expected)).toBeLessThan(3.3);
    const dice = new Map([1, 2, 3, 4, 5, 6].map((v) => [v, 1 / 6]));
    expect(spread(draws(integer(1, 6)), dice)).toBeLessThan(3);
  });

  it('integer with log takes v in proportion to log((v + step) / v)', () => {
    const values = [8, 16, 24, 32, 40, 48, 56, 64];
    const expected = new Map(values.map((v) => [v, Math.log((v + 8) / v) / Math.log(72 / 8)]));
    expect([...expected.values()].reduce((a, b) => a + b)).toBeCloseTo(1);
    expect(spread(draws(integer(8, 64, { step: 8, log: true })), expected)).toBeLessThan(2.7);
  });

  it('choice is even', () => {
    const expected = new Map(['adam', 'sgd', null].map((v) => [v, 1 / 3]));
    expect(spread(draws(choice(['adam', 'sgd', null])), expected)).toBeLessThan(4.6);
  });

  it('hyper-parameters are independent of each other, and seeds too', () => {
    const correlation = (a: readonly number[], b: readonly number[]): number =>
      a.reduce((sum, x, i) => sum + (x - 0.5) * (b[i]! - 0.5), 0) / DRAWS / (1 / 12);
    const points = randomPoints({ a: uniform(0, 1), b: uniform(0, 1) }, 7, DRAWS);
    const [a, b] = [points.map((p) => p.a as number), points.map((p) => p.b as number)];
    const other = randomPoints({ a: uniform(0, 1) }, 8, DRAWS).map((p) => p.a as number);
    for (const r of [correlation(a, b), correlation(a, other), correlation(a.slice(1), a)]) {
      expect(Math.abs(r)).toBeLessThan(2.6 / Math.sqrt(DRAWS));
    }
    expect(correlation(a, a)).toBeCloseTo(1, 1);
  });

  it('is a function of space and seed: these numbers stay', () => {
    const space = {
      rate: logUniform(1e-4, 1e-2),
      width: integer(16, 512, { step: 16 }),
      size: choice([64, 128]),
    };
    expect(randomPoints(space, 3, 3)).toEqual(FIXED);
    expect(randomPoints(space, 3, 40).slice(0, 3)).toEqual(FIXED);
    expect(randomPoints(space, 4, 3)).not.toEqual(FIXED);
    expect([0, 1, 2].map((trial) => trialSeed(3, trial))).toEqual(SEEDS);
    expect(trialSeed(2 ** 40 + 3, 0)).not.toBe(SEEDS[0]);
  });

  it('takes no point twice where they can be counted, down to the last one', () => {
    const space = { a: integer(1, 12, { log: true }), b: choice(['x', 'y', 'z']) };
    const points = randomPoints(space, 1, 36);
    expect(new Set(points.map((point) => JSON.stringify(point))).size).toBe(36);
    expect(() => randomPoints(space, 1, 37)).toThrow(
      '[search] got 37 trials, but the space has only 36 combinations. Use gridSearch to try all of them.',
    );
  });
});

// From an implementation of Philox in another language; the last digit of a rate is that of our own exp.
const FIXED = [
  { rate: 0.00014566167522214466, width: 80, size: 64 },
  { rate: 0.0021992829081645625, width: 432, size: 128 },
  { rate: 0.0005450149511247328, width: 160, size: 128 },
];
const SEEDS = [2124451491, 388634468, 2643589792];

describe('what a grid takes', () => {
  it('every combination once, the last changing fastest', () => {
    const space = { a: choice(['x', 'y']), b: integer(1, 7, { step: 3 }), c: uniform(0, 0.5, { steps: 3 }) };
    const points = gridOf(space);
    expect(points).toHaveLength(18);
    expect(points.slice(0, 4)).toEqual([
      { a: 'x', b: 1, c: 0 },
      { a: 'x', b: 1, c: 0.25 },
      { a: 'x', b: 1, c: 0.5 },
      { a: 'x', b: 4, c: 0 },
    ]);
    expect(points.at(-1)).toEqual({ a: 'y', b: 7, c: 0.5 });
    expect(new Set(points.map((point) => JSON.stringify(point))).size).toBe(18);
  });

  it('logUniform in equal ratios, its ends exact', () => {
    const rates = gridOf({ r: logUniform(1e-4, 1e-1, { steps: 4 }) }).map(({ r }) => r as number);
    expect(rates[0]).toBe(1e-4);
    expect(rates[1]).toBeCloseTo(1e-3, 12);
    expect(rates[2]).toBeCloseTo(1e-2, 12);
    expect(rates[3]).toBe(1e-1);
  });

  it('refuses what has no end', () => {
    expect(() => gridOf({ dropout: uniform(0, 0.5) })).toThrow(
      "[gridSearch] got the continuous range 'dropout', wanted a finite number of values. Pass { steps: 5 }",
    );
  });
});

describe('wrong declarations', () => {
  const wrong: [() => unknown, string][] = [
    [() => choice([]), '[choice] got no values'],
    [() => choice([1, 2, 1]), '[choice] got 1 twice'],
    [() => choice([{ a: 1 }, { a: 1 }]), '[choice] got {"a":1} twice'],
    [() => choice([Number.NaN]), '[choice] got NaN, wanted values that JSON can represent'],
    [() => choice([-0]), '[choice] got 0, wanted values that JSON can represent'],
    [() => choice([undefined as never]), '[choice] got undefined'],
    [() => choice([(() => 1) as never]), '[choice] got a function'],
    [() => choice([new Date(0) as never]), '[choice] got '],
    [() => uniform(1, 1), '[uniform] got low 1 and high 1, wanted finite numbers with low < high'],
    [() => uniform(0, Number.POSITIVE_INFINITY), '[uniform] got low 0 and high Infinity'],
    [() => uniform(0, 1, { steps: 1 }), '[uniform] got steps 1, wanted a whole number of at least 2'],
    [() => logUniform(0, 1), '[logUniform] got low 0, wanted a number above 0'],
    [() => integer(0.5, 2), '[integer] got low 0.5'],
    [() => integer(3, 2), '[integer] got high 2, wanted a whole number of at least 3'],
    [() => integer(0, 8, { log: true }), '[integer] got low 0, wanted a whole number of at least 1'],
    [() => integer(0, 8, { step: 0 }), '[integer] got step 0'],
  ];
  it.each(wrong)('%s', (declare, message) => {
    expect(declare).toThrow(message);
  });
});
