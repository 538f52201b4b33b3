import { expect, test } from 'vitest';
import { ValueError } from '../../src/ir/errors.ts';
import {
  constant,
  cosineDecay,
  cosineRestarts,
  exponentialDecay,
  oneCycle,
  piecewise,
  polynomialDecay,
  stepDecay,
  warmup,
} from '../../src/optim/schedules.ts';

test('a cosine starts at the rate, ends at the minimum and stays there', () => {
  const schedule = cosineDecay({ rate: 0.5, steps: 10, minimum: 0.125 });
  expect([0, 10, 11, 1000].map(schedule)).toEqual([0.5, 0.125, 0.125, 0.125]);
});

test('one cycle keeps to its last rate', () => {
  const schedule = oneCycle({ peak: 1, steps: 10, startDivisor: 8, endDivisor: 4 });
  expect([0, 2, 9, 10, 50].map(schedule)).toEqual([0.125, 1, 0.03125, 0.03125, 0.03125]);
});

test('one cycle of few steps has no way up', () => {
  expect([0, 1, 2].map(oneCycle({ peak: 1, steps: 3 })).every(Number.isFinite)).toBe(true);
  expect(oneCycle({ peak: 1, steps: 1 })(0)).toBe(4e-6);
});

test('warm-up leads to a number or to a schedule', () => {
  const flat = warmup({ rate: 1, steps: 4 });
  expect([0, 1, 2, 3, 4, 5].map(flat)).toEqual([0, 0.25, 0.5, 0.75, 1, 1]);
  const decaying = warmup({ rate: stepDecay({ rate: 1, every: 1, factor: 0.5 }), steps: 2, start: 0.5 });
  expect([0, 1, 2, 3, 4].map(decaying)).toEqual([0.5, 0.75, 1, 0.5, 0.25]);
});

test('exponential decay over more than one step', () => {
  const schedule = exponentialDecay({ rate: 1, factor: 0.25, every: 2 });
  expect([0, 1, 2, 4].map(schedule)).toEqual([1, 0.5, 0.25, 0.0625]);
});

test('a polynomial ends at its end and stays there', () => {
  const schedule = polynomialDecay({ rate: 1, steps: 4, end: 0.5 });
  expect([0, 1, 2, 4, 100].map(schedule)).toEqual([1, 0.875, 0.75, 0.5, 0.5]);
});

test('constant', () => {
  expect(constant(0.1)(7)).toBe(0.1);
});

test.each([
  [() => cosineDecay({ rate: 1, steps: 0 }), '[cosineDecay] got steps 0, wanted a number above 0.'],
  [
    () => cosineRestarts({ rate: 1, steps: 5, factor: 1.5 }),
    '[cosineRestarts] got factor 1.5, wanted a whole number',
  ],
  [() => polynomialDecay({ rate: 1, steps: 5, power: 0 }), '[polynomialDecay] got power 0'],
  [() => stepDecay({ rate: 1, every: Number.NaN, factor: 1 }), '[stepDecay] got every NaN'],
  [() => warmup({ rate: 1, steps: -1 }), '[warmup] got steps -1'],
  [() => oneCycle({ peak: 1, steps: 0 }), '[oneCycle] got steps 0'],
  [() => piecewise({ boundaries: [5], rates: [1] }), 'got 1 boundaries and 1 rates, wanted one rate more'],
  [
    () => piecewise({ boundaries: [5, 5], rates: [1, 2, 3] }),
    'got boundaries [5, 5], wanted them in ascending order',
  ],
])('options out of range: %#', (make, message) => {
  expect(make).toThrow(ValueError);
  expect(make).toThrow(message);
});
