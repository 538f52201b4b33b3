import { expect, test } from 'vitest';
import { validationCount } from '../../src/train/validation-split.ts';
import { train } from './support.ts';

test('hundredths of any number of samples are rounded up', () => {
  for (let size = 1; size <= 1000; size++) {
    for (let percent = 0; percent < 100; percent++) {
      const count = validationCount(size, percent / 100);
      if (count !== Math.ceil((size * percent) / 100)) expect.fail(`${percent} % of ${size}: ${count}`);
    }
  }
});

test('thirds, sevenths and large sizes are exact', () => {
  for (const size of [21, 2100, 21e5, 21e7]) {
    for (const parts of [3, 7]) {
      for (let k = 1; k < parts; k++) expect(validationCount(size, k / parts)).toBe((size / parts) * k);
    }
  }
});

// The sizes of train_test_split(range(n), test_size=...) of scikit-learn 1.2.1.
test.each([
  [10, 0.25, 3],
  [7, 0.5, 4],
  [101, 0.2, 21],
  [1000, 0.0015, 2],
  [3, 0.01, 1],
  [500, 0.33, 165],
  [10, 0.9, 9],
])('%i samples, %f', (size, fraction, expected) => {
  expect(validationCount(size, fraction)).toBe(expected);
});

test('0.9 leaves a tenth to train on', async () => {
  const tenth = await train({ validationSplit: 0.9, batchSize: 1, epochs: 1 });
  expect(tenth.history.history.val_loss).toHaveLength(1);
});
