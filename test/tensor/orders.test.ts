import { describe, expect, test } from 'vitest';
import {
  bincount,
  booleanMask,
  gatherND,
  putAlongAxis,
  ShapeError,
  scatterND,
  tensor,
  topK,
  unique,
  ValueError,
} from '../../src/index.ts';

const ints = (values: number[] | number[][]) => tensor(values, { dtype: 'int32' });

describe('unique', () => {
  // np.unique(x, return_index=True, return_inverse=True, return_counts=True)
  test.each([
    [
      [3, 1, 2, 1, 3, 1],
      [1, 2, 3],
      [1, 2, 0],
      [2, 0, 1, 0, 2, 0],
      [3, 1, 2],
    ],
    [
      [Number.NaN, 1, Number.NaN, -1],
      [-1, 1, Number.NaN],
      [3, 1, 0],
      [2, 1, 2, 0],
      [1, 1, 2],
    ],
    [[0, -0, 0], [0], [0], [0, 0, 0], [3]],
    [[], [], [], [], []],
  ])('of %j', async (x, values, indices, inverse, counts) => {
    const found = await unique(tensor(x));
    expect([...found.values.dataSync()]).toEqual(values);
    expect([...found.indices.dataSync()]).toEqual(indices);
    expect([...found.inverse.dataSync()]).toEqual(inverse);
    expect([...found.counts.dataSync()]).toEqual(counts);
  });

  test('keeps the data type and flattens', async () => {
    const found = await unique(
      ints([
        [5, 5],
        [-2, 7],
      ]),
    );
    expect(found.values.dtype).toBe('int32');
    expect(found.values.toArray()).toEqual([-2, 5, 7]);
    expect((await unique(tensor([true, false, true]))).values.toArray()).toEqual([false, true]);
  });
});

test('indices out of range are errors when the values are computed', () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  const at = ints([[0, 3]]);
  expect(() => gatherND(x, at).dataSync()).toThrow('[gatherND] index 3 is out of range for axis 1 of size 3');
  expect(() => scatterND(x, at, tensor([1])).dataSync()).toThrow('[scatterND] index 3 is out of range');
  expect(() => putAlongAxis(x, at, tensor([[1, 1]]), 0).dataSync()).toThrow(ShapeError);
  expect(() => putAlongAxis(x, ints([[0], [-4]]), tensor([[1]]), 1).dataSync()).toThrow(
    '[putAlongAxis] index -4 is out of range for axis 1 of size 3: wanted -3 to 2.',
  );
  expect(() => bincount(ints([0, 5]), 5).dataSync()).toThrow(ValueError);
  expect(() => bincount(ints([-1]), 5).dataSync()).toThrow('[bincount] got the number -1, wanted 0 to 4.');
});

test('topK gives values and indices', () => {
  const { values, indices } = topK(tensor([1, 3, 2, 3]), 3);
  expect(values.toArray()).toEqual([3, 3, 2]);
  expect(indices.toArray()).toEqual([1, 3, 2]);
});

test('booleanMask with a mask that is computed', () => {
  const x = tensor([3, -1, 2, -5]);
  expect(booleanMask(x, x.greater(0), { size: 2 }).toArray()).toEqual([3, 2]);
});
