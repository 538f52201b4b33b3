import { expect, test } from 'vitest';
import { lossProblems } from '../../scripts/gpu/losses.ts';

test('losses may differ only by rounding', () => {
  expect(lossProblems([1.00009, 0], [1, 0])).toEqual([]);
  expect(lossProblems([1.0002, Number.NaN, 1], [1, 2, Number.NaN])).toEqual([
    'loss 0: got 1.0002, wanted 1',
    'loss 1: got NaN, wanted 2',
    'loss 2: got 1, wanted NaN',
  ]);
  expect(lossProblems([1], [1, 2])).toEqual(['got 1 losses, wanted 2']);
});
