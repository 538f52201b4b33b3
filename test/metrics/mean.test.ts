import { expect, test } from 'vitest';
import { Mean, MeanAbsoluteError, MeanSquaredError } from '../../src/index.ts';
import { FakeTensor } from './support.ts';

test('running weighted mean', () => {
  const mean = new Mean();
  expect(mean.result()).toBeNaN();
  mean.add(1);
  mean.add(4, 0.5);
  expect(mean.result()).toBe(2);
  mean.add(Number.NaN, 0);
  expect(mean.result()).toBe(2);
  mean.add(Number.NaN);
  expect(mean.result()).toBeNaN();
  mean.reset();
  mean.add(7, 3);
  expect(mean.result()).toBe(7);
});

test('squared and absolute error, as scikit-learn weights them', async () => {
  // sklearn.metrics.mean_squared_error([[0.5, 1], [-1, 1], [7, -6]], [[0, 2], [-1, 2], [8, -5]]) = 0.70833...
  const truth = new FakeTensor([0.5, 1, -1, 1, 7, -6], [3, 2]);
  const predictions = [
    [0, 2],
    [-1, 2],
    [8, -5],
  ];
  const squared = new MeanSquaredError();
  const absolute = new MeanAbsoluteError();
  await squared.update(predictions, truth);
  await absolute.update(predictions, truth);
  expect(squared.result()).toBeCloseTo(0.7083333333333334, 14);
  expect(absolute.result()).toBe(0.75);
  squared.reset();
  await squared.update(predictions, truth, [2, 0, 1]);
  expect(squared.result()).toBe(0.75);
  await squared.update(predictions, truth, [0, 4, 0]);
  expect(squared.result()).toBeCloseTo((1.25 + 4 * 0.5 + 1) / 7, 14);
});

test('shapes must be equal', async () => {
  const metric = new MeanSquaredError();
  await expect(metric.update([[1], [2]], [1, 2])).rejects.toThrow(
    '[meanSquaredError] predictions [2, 1] and labels [2] differ in shape.',
  );
  await expect(new MeanAbsoluteError().update([1, 2], [1])).rejects.toThrow(
    '[meanAbsoluteError] 2 predictions',
  );
  await expect(metric.update({ shape: [2, 0], data: [] }, { shape: [2, 0], data: [] })).rejects.toThrow(
    'no entries to average',
  );
  expect(metric.result()).toBeNaN();
});
