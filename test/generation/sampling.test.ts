import { expect, test } from 'vitest';
import { likeliestToken, sampleToken } from '../../src/generation/sampling.ts';

const all = { topK: Number.POSITIVE_INFINITY, topP: 1 };
const probabilities = Float32Array.of(0.25, 0, 0.5, 0.25);
const points = Array.from({ length: 16 }, (_, i) => i / 16);
const drawn = (truncation: typeof all) =>
  points.map((u) => sampleToken(probabilities, u, truncation)).join('');

test('each token is drawn as often as its probability', () => {
  expect(drawn(all)).toBe('0000222222223333');
});

test('of the most probable tokens', () => {
  expect(drawn({ ...all, topK: 1 })).toBe('2222222222222222');
  // Of equal ones the first stay.
  expect(drawn({ ...all, topK: 2 })).toBe('2222222222200000');
  expect(drawn({ ...all, topP: 0.5 })).toBe('2222222222222222');
  expect(drawn({ ...all, topP: 0.51 })).toBe('2222222222200000');
  expect(drawn({ topK: 3, topP: 0.9 })).toBe('2222222200003333');
});

test('never an impossible one, whatever is lost by rounding', () => {
  expect(sampleToken(Float32Array.of(0.1, 0.2, 0), 0.9999999999999999, all)).toBe(1);
  expect(sampleToken(Float32Array.of(0, 0, 1), 0, all)).toBe(2);
});

test('the likeliest is the first of equal ones', () => {
  expect(likeliestToken(Float32Array.of(-3, 1, 1, 0))).toBe(1);
});
