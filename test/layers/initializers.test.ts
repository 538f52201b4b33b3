import { describe, expect, test } from 'vitest';
import { ShapeError } from '../../src/ir/errors.ts';
import { type Initializer, initializers } from '../../src/layers/index.ts';
import { concat } from '../../src/tensor/ops/index.ts';
import { Generator } from '../../src/tensor/random.ts';
import { type CutScaling, load, type Scaling } from '../reference/load.ts';

const { shapes } = load('initializers');
const draw = (initializer: Initializer, shape: readonly number[], seed = 11): number[] => [
  ...initializer(shape, new Generator(seed)).dataSync(),
];

const mean = (x: readonly number[]): number => x.reduce((a, b) => a + b, 0) / x.length;
const deviation = (x: readonly number[]): number => Math.sqrt(mean(x.map((v) => v * v)) - mean(x) * mean(x));

/** Draws until the statistics are steady: 100,000 numbers or more. */
function sample(initializer: Initializer, shape: readonly number[]): number[] {
  const size = shape.reduce((a, b) => a * b, 1);
  const draws = Array.from({ length: Math.ceil(1e5 / size) }, (_, i) =>
    initializer(shape, new Generator(i)).flatten(),
  );
  // Many draws are computed by one plan.
  const numbers: number[] = [];
  while (draws.length > 0) numbers.push(...concat(draws.splice(0, 100)).dataSync());
  return numbers;
}

function expectScaled(initializer: Initializer, shape: readonly number[], wanted: Scaling): number[] {
  const x = sample(initializer, shape);
  const widest = x.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  expect(Math.abs(mean(x))).toBeLessThan(0.02 * wanted.deviation);
  expect(deviation(x) / wanted.deviation).toBeCloseTo(1, 2);
  expect(widest).toBeLessThanOrEqual(wanted.limit * (1 + 1e-6));
  expect(widest).toBeGreaterThan(wanted.limit * 0.99);
  return x;
}

describe.each(shapes.map((s) => [String(s.shape), s] as const))('[%s]', (_name, s) => {
  test.each(['glorotUniform', 'heUniform', 'lecunUniform'] as const)('%s', (name) => {
    expectScaled(initializers[name](), s.shape, s[name]);
  });

  test.each(['glorotNormal', 'heNormal', 'lecunNormal'] as const)('%s', (name) => {
    const wanted: CutScaling = s[name];
    const x = expectScaled(initializers[name](), s.shape, wanted);
    // Of a normal distribution cut at 2, 0.7153 lies within one standard deviation.
    const within = x.filter((v) => Math.abs(v) < wanted.stddev).length / x.length;
    expect(within).toBeCloseTo(0.7153, 2);
  });
});

test('the plain ones', () => {
  expect(draw(initializers.zeros(), [2, 2])).toEqual([0, 0, 0, 0]);
  expect(draw(initializers.ones(), [2])).toEqual([1, 1]);
  expect(draw(initializers.constant(0.5), [])).toEqual([0.5]);
  const normal = draw(initializers.normal({ mean: 3, standardDeviation: 2 }), [1e5]);
  expect(mean(normal)).toBeCloseTo(3, 1);
  expect(deviation(normal)).toBeCloseTo(2, 1);
  const uniform = draw(initializers.uniform({ low: 2, high: 4 }), [1e5]);
  expect(Math.min(...uniform.slice(0, 1e4))).toBeGreaterThanOrEqual(2);
  expect(Math.max(...uniform.slice(0, 1e4))).toBeLessThanOrEqual(4);
  expect(mean(uniform)).toBeCloseTo(3, 1);
  const cut = draw(initializers.truncatedNormal({ mean: 1, standardDeviation: 0.5 }), [1e4]);
  expect(cut.every((v) => v >= 0 && v <= 2)).toBe(true);
  expect(deviation(cut)).toBeCloseTo(0.5 * 0.8796, 1);
});

test('the fan of a vector is its length', () => {
  expectScaled(initializers.lecunUniform(), [100], { limit: Math.sqrt(3 / 100), deviation: 0.1 });
});

describe('orthogonal', () => {
  /** The largest distance of the Gram matrix of the shorter side from gain^2 times the identity. */
  function defect(values: number[], rows: number, columns: number, gain: number): number {
    const [count, at]: [number, (i: number, k: number) => number] =
      rows < columns
        ? [rows, (i, k) => values[i * columns + k]!]
        : [columns, (i, k) => values[k * columns + i]!];
    let most = 0;
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < count; j++) {
        let dot = i === j ? -gain * gain : 0;
        for (let k = 0; k < Math.max(rows, columns); k++) dot += at(i, k) * at(j, k);
        most = Math.max(most, Math.abs(dot));
      }
    }
    return most;
  }

  test.each([
    [[64, 64], 64, 64],
    [[100, 20], 100, 20],
    [[20, 100], 20, 100],
    [[3, 3, 4, 8], 36, 8],
    [[1, 1], 1, 1],
  ] as const)('%s', (shape, rows, columns) => {
    expect(defect(draw(initializers.orthogonal(), shape), rows, columns, 1)).toBeLessThan(1e-6);
    expect(defect(draw(initializers.orthogonal({ gain: 3 }), shape), rows, columns, 3)).toBeLessThan(1e-5);
  });

  test('comes again from the seed, and its signs are evenly spread', () => {
    expect(draw(initializers.orthogonal(), [8, 8])).toEqual(draw(initializers.orthogonal(), [8, 8]));
    const corners = Array.from({ length: 200 }, (_, i) => draw(initializers.orthogonal(), [3, 3], i)[0]!);
    const positive = corners.filter((v) => v > 0).length;
    expect(positive).toBeGreaterThan(70);
    expect(positive).toBeLessThan(130);
  });

  test('is the Q of positive R', () => {
    // Gram-Schmidt on the drawn columns themselves: the first is the drawn one, normed.
    const drawn = [...new Generator(11).normal([3, 5]).dataSync()].slice(0, 5);
    const length = Math.sqrt(drawn.reduce((a, b) => a + b * b, 0));
    const q = draw(initializers.orthogonal(), [5, 3]);
    drawn.forEach((v, k) => {
      expect(q[k * 3]!).toBeCloseTo(v / length, 6);
    });
  });

  test('wants two axes', () => {
    expect(() => draw(initializers.orthogonal(), [4])).toThrow(ShapeError);
    expect(() => draw(initializers.orthogonal(), [4])).toThrow(
      '[orthogonal] got shape [4], wanted two axes or more',
    );
  });
});
