import { afterEach, describe, expect, test } from 'vitest';
import {
  categorical,
  defaultGenerator,
  Generator,
  gradients,
  multinomial,
  ShapeError,
  seed,
  setBackend,
  shuffle,
  type Tensor,
  tensor,
  truncatedNormal,
  ValueError,
} from '../../src/index.ts';
import { erf } from '../../src/ir/math/index.ts';

afterEach(() => setBackend('wasm'));

const numbers = (t: Tensor): number[] => Array.from(t.dataSync());
const counts = (values: readonly number[], n: number): number[] => {
  const all = new Array<number>(n).fill(0);
  for (const value of values) all[value]!++;
  return all;
};

/** Pearson's statistic; its mean is the number of classes - 1. */
const chiSquare = (got: readonly number[], probabilities: readonly number[], n: number): number =>
  got.reduce((sum, k, i) => sum + (k - n * probabilities[i]!) ** 2 / (n * probabilities[i]!), 0);

const weights = [0.1, 0.2, 0.3, 0.4];
const logits = tensor(weights.map((p) => Math.log(p) + 5));

const drawAll = (): number[][] => [
  numbers(categorical(logits.broadcastTo([3, 4]))),
  numbers(categorical(logits, { count: 9 })),
  numbers(multinomial(tensor(weights), 3)),
  numbers(multinomial(tensor(weights), 9, { replacement: true })),
  numbers(truncatedNormal([2, 5])),
  numbers(shuffle(tensor([1, 2, 3, 4, 5, 6, 7]))),
];

test('one seed gives the same draws on both backends, and each call takes one draw', async () => {
  seed(11);
  const first = drawAll();
  expect(defaultGenerator().getState().counter).toBe(6);
  expect(drawAll()).not.toEqual(first);
  await setBackend('js');
  seed(11);
  expect(drawAll()).toEqual(first);
  const other = numbers(categorical(logits, { count: 9, rng: new Generator(11, 1) }));
  expect(other).not.toEqual(first[1]);
});

describe('categorical', () => {
  test('draws classes with the probabilities of softmax', () => {
    const n = 20_000;
    const t = categorical(logits, { count: n, rng: new Generator(1) });
    expect([t.shape, t.dtype]).toEqual([[n], 'int32']);
    // 11.3 is exceeded in one of a hundred cases.
    expect(chiSquare(counts(numbers(t), 4), weights, n)).toBeLessThan(11.3);
  });

  test('has one class for each distribution, or an axis of them', () => {
    const rows = tensor([
      [0, -Infinity, -Infinity],
      [-Infinity, 0, -Infinity],
    ]);
    expect(categorical(rows, { rng: new Generator(2) }).toArray()).toEqual([0, 1]);
    expect(categorical(rows, { count: 3, rng: new Generator(2) }).toArray()).toEqual([
      [0, 0, 0],
      [1, 1, 1],
    ]);
    expect(categorical(rows, { count: 0 }).shape).toEqual([2, 0]);
  });

  test('says what is wrong', () => {
    expect(() => categorical(tensor(1))).toThrow(ShapeError);
    expect(() => categorical(logits, { count: 0.5 })).toThrow(
      '[categorical] got count 0.5, wanted a whole number',
    );
  });
});

describe('multinomial', () => {
  test('draws with replacement in proportion to the weights', () => {
    const n = 20_000;
    const t = multinomial(tensor([1, 2, 3, 4]), n, { replacement: true, rng: new Generator(3) });
    expect(chiSquare(counts(numbers(t), 4), weights, n)).toBeLessThan(11.3);
  });

  test('draws without replacement one after the other', () => {
    const n = 4000;
    const w = tensor(weights).broadcastTo([n, 4]);
    const t = multinomial(w, 2, { rng: new Generator(4) });
    expect(t.shape).toEqual([n, 2]);
    const pairs = t.toArray() as number[][];
    expect(pairs.every(([a, b]) => a !== b)).toBe(true);
    const classes = pairs.map(([a, b]) => a! * 4 + b!);
    const both = weights.flatMap((p, i) => weights.map((q, j) => (i === j ? 0 : (p * q) / (1 - p))));
    const possible = both.flatMap((p, i) => (p > 0 ? [i] : []));
    const got = counts(classes, 16);
    // 11 degrees of freedom: 24.7 is exceeded in one of a hundred cases.
    expect(
      chiSquare(
        possible.map((i) => got[i]!),
        possible.map((i) => both[i]!),
        n,
      ),
    ).toBeLessThan(24.7);
  });

  test('gives every class once, those of weight 0 last', () => {
    const t = multinomial(tensor([0, 1, 0, 5]), 4, { rng: new Generator(5) });
    const order = numbers(t);
    expect([...order].sort()).toEqual([0, 1, 2, 3]);
    expect(order.slice(0, 2).sort()).toEqual([1, 3]);
  });

  test('says what is wrong', () => {
    expect(() => multinomial(tensor([1, 2]), 3)).toThrow(
      '[multinomial] got count 3, wanted a whole number from 0 to 2',
    );
    expect(() => multinomial(tensor([1, 2]), -1, { replacement: true })).toThrow(ValueError);
  });
});

describe('truncatedNormal', () => {
  const phi = (z: number): number => (1 + erf(z * Math.SQRT1_2)) / 2;

  test.each([
    [-2, 2],
    [-0.5, 3],
    [1, 1.5],
  ])('lies between %f and %f and follows the distribution', (low, high) => {
    const n = 20_000;
    const values = numbers(
      truncatedNormal([n], { mean: 10, standardDeviation: 2, low, high, rng: new Generator(6) }),
    ).sort((a, b) => a - b);
    expect(values[0]).toBeGreaterThanOrEqual(10 + 2 * low);
    expect(values.at(-1)).toBeLessThanOrEqual(10 + 2 * high);
    // Kolmogorov and Smirnov: 1.63 / sqrt(n) is exceeded in one of a hundred cases.
    const distance = values.map((x, i) => {
      const expected = (phi((x - 10) / 2) - phi(low)) / (phi(high) - phi(low));
      return Math.max(Math.abs(expected - i / n), Math.abs(expected - (i + 1) / n));
    });
    expect(Math.max(...distance)).toBeLessThan(1.63 / Math.sqrt(n));
  });

  test('says what is wrong', () => {
    expect(() => truncatedNormal([2], { low: 1, high: 1 })).toThrow('[truncatedNormal] got low 1, high 1');
    expect(() => truncatedNormal([-1])).toThrow('[truncatedNormal] shape [-1]');
    expect(() => truncatedNormal([2], { mean: Number.NaN })).toThrow(ValueError);
  });
});

describe('shuffle', () => {
  test('moves the parts along the first axis', () => {
    const x = tensor(Array.from({ length: 20 }, (_, i) => [i, 2 * i]));
    const rows = shuffle(x, { rng: new Generator(7) }).toArray() as number[][];
    expect(rows.every(([a, b]) => b === 2 * a!)).toBe(true);
    expect(rows.map(([a]) => a!)).not.toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(rows.map(([a]) => a!).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  test('its order is a permutation of the generator', () => {
    const order = new Generator(8).permutation(30);
    expect(
      numbers(shuffle(tensor(Array.from({ length: 30 }, (_, i) => i)), { rng: new Generator(8) })),
    ).toEqual([...order]);
  });

  test('its gradient goes back to where the parts were', () => {
    const x = tensor([1, 2, 3, 4]);
    const y = shuffle(x, { rng: new Generator(9) });
    const [g] = gradients(y.mul(tensor([10, 20, 30, 40])).sum(), [x]);
    const order = numbers(y);
    expect(numbers(g!)).toEqual([1, 2, 3, 4].map((v) => 10 * (order.indexOf(v) + 1)));
    expect(() => shuffle(tensor(1))).toThrow(ShapeError);
  });
});
