import { expect, test } from 'vitest';
import { lossProblems } from '../../scripts/gpu/losses.ts';

test('losses may differ by rounding, and by no more', () => {
  expect(lossProblems([1.00009, 0], [1, 0])).toEqual([]);
  expect(lossProblems([1.0002, Number.NaN, 1], [1, 2, Number.NaN])).toEqual([
    'loss 0 is 1.0002, not 1',
    'loss 1 is NaN, not 2',
    'loss 2 is 1, not NaN',
  ]);
  expect(lossProblems([1], [1, 2])).toEqual(['1 losses, not 2']);
});
