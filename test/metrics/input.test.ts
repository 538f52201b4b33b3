import ndarray, { type NdArray } from 'ndarray';
import { expect, expectTypeOf, test } from 'vitest';
import { Accuracy, MeanSquaredError } from '../../src/index.ts';
import { ShapeError } from '../../src/ir/errors.ts';
import { confusionMatrix, type MetricInput, type SyncMetricInput } from '../../src/metrics.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { FakeTensor } from './support.ts';

const SCORES = [1, 5, 2, 9, 0, 3];

async function accuracy(predictions: MetricInput, labels: MetricInput): Promise<number> {
  const metric = new Accuracy();
  await metric.update(predictions, labels);
  return metric.result();
}

test('ndarrays in any strides are read in their own order', async () => {
  const rows = ndarray(Float32Array.from(SCORES), [2, 3]);
  expect(await accuracy(rows, [1, 0])).toBe(1);
  expect(await accuracy(rows.transpose(1, 0), [1, 0, 1])).toBe(1);
  expect(await accuracy(rows.step(-1, -1), [2, 1])).toBe(1);
  expect(await accuracy(rows.lo(1, 1), [1])).toBe(1);
  expect(await accuracy(rows.pick(null, 1), [5, 0])).toBe(1);
  expect(await accuracy(rows.hi(1, 3), [1])).toBe(1);
  expect(await accuracy({ shape: [3], data: [4], stride: [0], offset: 0 }, [4, 4, 1])).toBe(2 / 3);
});

test('all kinds of input give the same numbers', () => {
  const expected = [
    [0, 1],
    [1, 0],
  ];
  const kinds = [
    [
      [1, 5],
      [9, 0],
    ],
    [Float32Array.of(1, 5), Float32Array.of(9, 0)],
    new FakeTensor([1, 5, 9, 0], [2, 2]),
    { shape: [2, 2], data: [1, 5, 9, 0] },
    ndarray([1, 5, 9, 0], [2, 2]),
    Uint8Array.of(1, 0),
    [1, 0],
  ];
  for (const predictions of kinds) expect(confusionMatrix([0, 1], predictions)).toEqual(expected);
});

test('data that do not fit their shape are an error', async () => {
  await expect(accuracy({ shape: [2, 3], data: [1, 2] }, [0, 1])).rejects.toThrow(
    '[accuracy] predictions of shape [2, 3] needs 6 values, but the data has 2',
  );
  await expect(accuracy([0, 1], { shape: [2], data: [1, 2, 3] })).rejects.toThrow(
    'labels of shape [2] needs 2',
  );
  await expect(accuracy({ shape: [2], data: [1, 2], stride: [-1], offset: 0 }, [0, 1])).rejects.toThrow(
    ShapeError,
  );
  await expect(accuracy({ shape: [2], data: [1, 2], stride: [1, 1] }, [0, 1])).rejects.toThrow(ShapeError);
  await expect(accuracy([[1, 2], [3]], [0, 1])).rejects.toThrow(
    '[accuracy] predictions[1] has 1 values, but predictions[0] has 2.',
  );
});

test('empty batches with an axis of classes are fine', async () => {
  expect(await accuracy({ shape: [0, 3], data: [] }, [])).toBeNaN();
  expect(await accuracy(ndarray(new Float32Array(0), [0, 3]), Int32Array.of())).toBeNaN();
  const metric = new MeanSquaredError();
  await metric.update({ shape: [0, 3], data: [] }, { shape: [0, 3], data: [] });
  expect(metric.result()).toBeNaN();
});

test('a Tensor and an ndarray of unknown data are inputs', () => {
  expectTypeOf<Tensor>().toExtend<MetricInput & SyncMetricInput>();
  expectTypeOf<Tensor<[number, 10]>>().toExtend<MetricInput & SyncMetricInput>();
  expectTypeOf<NdArray>().toExtend<MetricInput & SyncMetricInput>();
});

test('an ndarray over a store with get and set', async () => {
  const store = { length: 3, get: (i: number) => 2 - i, set: () => 0 };
  expect(await accuracy(ndarray(store, [3]), [2, 1, 0])).toBe(1);
});
