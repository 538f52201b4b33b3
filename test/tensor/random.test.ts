import { describe, expect, test } from 'vitest';
import {
  defaultGenerator,
  Generator,
  gradients,
  Parameter,
  realize,
  seed,
  type Tensor,
  tensor,
  ValueError,
  where,
} from '../../src/index.ts';
import { fillBits } from '../../src/ir/philox.ts';

const numbers = (t: Tensor): number[] => Array.from(t.dataSync());

/** One draw of each kind. */
const drawAll = (g: Generator): number[] => [
  ...numbers(g.uniform([5])),
  ...numbers(g.normal([2, 3])),
  ...numbers(g.bernoulli([40], 0.5)),
  ...numbers(g.truncatedNormal([5])),
  ...g.permutation(9),
];

function moments(values: ArrayLike<number>): { mean: number; deviation: number; skew: number } {
  const n = values.length;
  const xs = Array.from(values);
  const mean = xs.reduce((s, x) => s + x, 0) / n;
  const central = (k: number): number => xs.reduce((s, x) => s + (x - mean) ** k, 0) / n;
  const deviation = Math.sqrt(central(2));
  return { mean, deviation, skew: central(3) / deviation ** 3 };
}

describe('state', () => {
  test('a restored state goes on with the same numbers', () => {
    const g = new Generator(7, 3);
    drawAll(g);
    const state = JSON.parse(JSON.stringify(g.getState()));
    const ahead = drawAll(g);
    expect(drawAll(g)).not.toEqual(ahead);
    g.setState(state);
    expect(drawAll(g)).toEqual(ahead);
    const other = new Generator(0);
    other.setState(state);
    expect(drawAll(other)).toEqual(ahead);
    expect(other.getState()).toEqual({ seed: 7, stream: 3, counter: 10 });
  });

  test('equal seeds and streams give equal bits, also in the upper half of the seed', () => {
    for (const [s, stream] of [
      [0, 0],
      [2 ** 53 - 1, 2 ** 32 - 1],
    ] as const) {
      expect(drawAll(new Generator(s, stream))).toEqual(drawAll(new Generator(s, stream)));
    }
  });

  test('other seeds, streams, keys and draws give other numbers', () => {
    const base = (): Generator => new Generator(5, 1);
    const moved = base();
    moved.uniform([1]);
    const generators = [
      base(),
      moved,
      new Generator(6, 1),
      new Generator(5 + 2 ** 32, 1),
      new Generator(5, 2),
      new Generator(1, 5),
      base().fork(0),
      base().fork(1),
      base().fork(2 ** 32),
      base().fork(0).fork(0),
      new Generator(6, 1).fork(0),
      new Generator(5, 2).fork(0),
    ];
    const firsts = generators.map((g) => numbers(g.uniform([4])).join());
    expect(new Set(firsts).size).toBe(generators.length);
  });

  test('a fork does not move its parent, and does not depend on where that stands', () => {
    const g = new Generator(11);
    const early = g.fork(3);
    expect(g.getState()).toEqual({ seed: 11, stream: 0, counter: 0 });
    drawAll(g);
    expect(drawAll(g.fork(3))).toEqual(drawAll(early));
  });

  test('draws of different forks are not correlated', () => {
    const g = new Generator(2);
    const [a, b] = [numbers(g.fork(0).normal([10_000])), numbers(g.fork(1).normal([10_000]))];
    const correlation = a.reduce((s, x, i) => s + x * b[i]!, 0) / a.length;
    expect(Math.abs(correlation)).toBeLessThan(0.05);
  });

  test('seed makes the default generator reproducible', () => {
    seed(42);
    const first = drawAll(defaultGenerator());
    expect(drawAll(defaultGenerator())).not.toEqual(first);
    seed(42);
    expect(drawAll(defaultGenerator())).toEqual(first);
    expect(drawAll(new Generator(42))).toEqual(first);
    seed(43);
    expect(drawAll(defaultGenerator())).not.toEqual(first);
  });

  test('tensors are drawn when they are called for, not when they are read', () => {
    const g = new Generator(1);
    const [first, second] = [g.uniform([3]), g.uniform([3])];
    const backwards = [numbers(second), numbers(first)];
    const again = new Generator(1);
    expect([numbers(again.uniform([3])), numbers(again.uniform([3]))]).toEqual(backwards.reverse());
  });
});

// The bounds of means and deviations are about five standard errors.
describe('distributions of 100,000 numbers', () => {
  const n = 100_000;

  test('uniform: multiples of 2^-24 in [0, 1)', () => {
    const u = new Generator(1).uniform([n]).dataSync();
    expect(u.every((x) => x >= 0 && x < 1 && Number.isInteger(x * 2 ** 24))).toBe(true);
    const { mean, deviation, skew } = moments(u);
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.005);
    expect(Math.abs(deviation - Math.sqrt(1 / 12))).toBeLessThan(0.003);
    expect(Math.abs(skew)).toBeLessThan(0.03);
    const bins = new Array<number>(16).fill(0);
    for (const x of u) bins[Math.floor(x * 16)]!++;
    for (const count of bins) expect(Math.abs(count / n - 1 / 16)).toBeLessThan(0.004);
    // Neighbours do not follow each other.
    let product = 0;
    for (let i = 1; i < n; i++) product += (u[i]! - 0.5) * (u[i - 1]! - 0.5);
    expect(Math.abs((12 * product) / n)).toBeLessThan(0.016);
  });

  test('uniform in a range', () => {
    const u = new Generator(1).uniform([n], -3, 5).dataSync();
    expect(u.every((x) => x >= -3 && x < 5)).toBe(true);
    expect(Math.abs(moments(u).mean - 1)).toBeLessThan(0.04);
  });

  test('normal', () => {
    const z = new Generator(2).normal([n]).dataSync();
    const { mean, deviation, skew } = moments(z);
    expect(Math.abs(mean)).toBeLessThan(0.016);
    expect(Math.abs(deviation - 1)).toBeLessThan(0.012);
    expect(Math.abs(skew)).toBeLessThan(0.04);
    for (const [bound, share] of [
      [1, 0.6827],
      [2, 0.9545],
      [3, 0.9973],
    ] as const) {
      expect(Math.abs(z.filter((x) => Math.abs(x) < bound).length / n - share)).toBeLessThan(0.008);
    }
    expect(z.every(Number.isFinite)).toBe(true);
    const scaled = moments(new Generator(2).normal([n], 10, 3).dataSync());
    expect(Math.abs(scaled.mean - 10)).toBeLessThan(0.05);
    expect(Math.abs(scaled.deviation - 3)).toBeLessThan(0.04);
  });

  test('truncatedNormal stays within two standard deviations', () => {
    const z = new Generator(3).truncatedNormal([n], 1, 0.5).dataSync();
    expect(z.every((x) => x >= 0 && x <= 2)).toBe(true);
    const { mean, deviation, skew } = moments(z);
    expect(Math.abs(mean - 1)).toBeLessThan(0.008);
    // The deviation of a standard normal cut off at 2.
    expect(Math.abs(deviation - 0.5 * 0.87962566)).toBeLessThan(0.005);
    expect(Math.abs(skew)).toBeLessThan(0.04);
  });

  test.each([0.1, 0.5, 0.9])('bernoulli with probability %d', (p) => {
    const b = new Generator(4).bernoulli([n], p);
    expect(b.dtype).toBe('bool');
    expect(Math.abs(moments(b.dataSync()).mean - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / n));
  });

  test('bernoulli that never and always happens', () => {
    expect(new Generator(4).bernoulli([n], 0).any().item()).toBe(0);
    expect(new Generator(4).bernoulli([n], 1).all().item()).toBe(1);
  });
});

describe('permutation', () => {
  test('holds each number once', () => {
    const g = new Generator(8);
    for (const n of [0, 1, 2, 1000]) {
      const order = g.permutation(n);
      expect(order).toBeInstanceOf(Int32Array);
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
    }
    expect([...g.permutation(1000)]).not.toEqual([...g.permutation(1000)]);
  });

  test('every order of three is as likely', () => {
    const g = new Generator(9);
    const counts = new Map<string, number>();
    const n = 12_000;
    for (let i = 0; i < n; i++) {
      const order = g.permutation(3).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // 2000 each; the standard deviation is 41.
    for (const count of counts.values()) expect(Math.abs(count - 2000)).toBeLessThan(200);
  });

  test('has no bias: words beyond the last multiple are drawn again', () => {
    // Swapping from the end, as Knuth writes it (volume 2, algorithm P).
    const n = 300_000;
    const words = new Uint32Array(n + 100);
    fillBits(words, 0, words.length, 7, 0, 0, 0, 0);
    const order = Array.from({ length: n }, (_, i) => i);
    let taken = 0;
    let refused = 0;
    for (let i = n; i > 1; i--) {
      while (BigInt(words[taken]!) >= ((1n << 32n) / BigInt(i)) * BigInt(i)) {
        taken++;
        refused++;
      }
      const j = words[taken++]! % i;
      [order[i - 1], order[j]] = [order[j]!, order[i - 1]!];
    }
    expect(refused).toBeGreaterThan(0);
    expect(new Generator(7).permutation(n).every((k, i) => k === order[i])).toBe(true);
  });
});

describe('a random tensor has one set of values', () => {
  test.each([
    ['uniform', (g: Generator): Tensor => g.uniform([50])],
    ['normal', (g: Generator): Tensor => g.normal([50])],
    ['bernoulli', (g: Generator): Tensor => g.bernoulli([50], 0.5).cast('float32')],
    ['truncatedNormal', (g: Generator): Tensor => g.truncatedNormal([50])],
  ])('%s, whoever asks for it', async (_name, draw) => {
    const t = draw(new Generator(12));
    const before = t.mul(1);
    const reversed = t.flip().neg();
    expect(numbers(before)).toEqual(numbers(before.mul(1)));
    const first = [...(await before.data())];
    const values = [...(await t.data())];
    expect(values).toEqual(first);
    expect(numbers(t.mul(1))).toEqual(values);
    expect(numbers(reversed.neg().flip())).toEqual(values);
    expect(numbers(t)).toEqual(values);
    expect(new Set(values).size).toBeGreaterThan(1);
  });

  test('in one plan with its consumers', async () => {
    const t = new Generator(13).normal([4, 5]);
    const [doubled, total] = [t.mul(2), t.sum()];
    await realize(doubled, total, t);
    expect(numbers(doubled)).toEqual(numbers(t).map((x) => 2 * x));
    expect(total.item()).toBeCloseTo(
      numbers(t).reduce((s, x) => s + x, 0),
      5,
    );
  });

  test('a part of it is a part of the whole', () => {
    const whole = numbers(new Generator(14).uniform([6, 4]));
    expect(numbers(new Generator(14).uniform([6, 4]).slice(2))).toEqual(whole.slice(8, 12));
  });
});

describe('gradients', () => {
  test('of uniform * x is the uniform tensor', async () => {
    const x = new Parameter(tensor([1, -2, 3, 4], { shape: [4] }));
    const u = new Generator(15).uniform([4]);
    const y = x.mul(u);
    const [g] = gradients(y.sum(), [x]);
    await realize(g!, y);
    expect(numbers(g!)).toEqual(numbers(u));
    expect(numbers(y)).toEqual(numbers(u).map((v, i) => Math.fround(v * x.dataSync()[i]!)));
  });

  test('the mask of a dropout is the same forward and backward', async () => {
    const x = new Parameter(tensor(new Float32Array(200).fill(1), { shape: [200] }));
    const keep = new Generator(16).uniform([200]).less(0.5);
    const y = where(keep, x.mul(2), 0);
    const [g] = gradients(y.sum(), [x]);
    // Read apart: three plans, each of which draws anew.
    expect(numbers(g!)).toEqual(numbers(y));
    expect(numbers(keep).map((k) => 2 * k)).toEqual(numbers(g!));
    expect(new Set(numbers(g!))).toEqual(new Set([0, 2]));
  });
});

describe('errors', () => {
  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('seed %d', (s) => {
    expect(() => new Generator(s)).toThrow(ValueError);
    expect(() => new Generator(s)).toThrow(`[Generator] got seed ${s}, wanted a whole number from 0 to`);
    expect(() => seed(s)).toThrow(ValueError);
    expect(() => new Generator(0).fork(s)).toThrow(ValueError);
  });

  test.each([-1, 0.5, 2 ** 32])('stream %d', (stream) => {
    expect(() => new Generator(0, stream)).toThrow(ValueError);
  });

  test('a state that is refused changes nothing', () => {
    const g = new Generator(3, 4);
    const state = g.getState();
    expect(() => g.setState({ seed: 1, stream: 2, counter: -1 })).toThrow(ValueError);
    expect(g.getState()).toEqual(state);
  });

  test.each([-0.1, 1.1, Number.NaN])('probability %d', (p) => {
    expect(() => new Generator(0).bernoulli([2], p)).toThrow(ValueError);
    expect(() => new Generator(0).bernoulli([2], p)).toThrow(`[bernoulli] got probability ${p}`);
  });

  test.each([-1, 2.5, Number.NaN])('permutation of %d', (n) => {
    expect(() => new Generator(0).permutation(n)).toThrow(ValueError);
  });

  test('a refused draw does not count', () => {
    const g = new Generator(0);
    expect(() => g.uniform([-1])).toThrow('[uniform] shape [-1]');
    expect(() => g.bernoulli([1], 2)).toThrow();
    expect(() => g.permutation(-1)).toThrow();
    expect(g.getState().counter).toBe(0);
  });
});
