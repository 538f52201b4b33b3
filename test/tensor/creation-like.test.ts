import { describe, expect, test } from 'vitest';
import { eye, fullLike, onesLike, ShapeError, tensor, ValueError, zerosLike } from '../../src/index.ts';

describe('eye', () => {
  test.each([
    [
      [2],
      [
        [1, 0],
        [0, 1],
      ],
      'float32',
    ],
    [
      [2, 3],
      [
        [1, 0, 0],
        [0, 1, 0],
      ],
      'float32',
    ],
    [
      [3, 2, 'int32'],
      [
        [1, 0],
        [0, 1],
        [0, 0],
      ],
      'int32',
    ],
    [
      [2, 'bool'],
      [
        [true, false],
        [false, true],
      ],
      'bool',
    ],
    [[1, undefined, 'uint8'], [[1]], 'uint8'],
    [[0, 2], [], 'float32'],
  ] as const)('eye(%j)', (args, wanted, dtype) => {
    const t = Reflect.apply(eye, undefined, args);
    expect(t.dtype).toBe(dtype);
    expect(t.toArray()).toEqual(wanted);
  });

  test('refuses other sizes', () => {
    expect(() => eye(2, -1)).toThrow(ShapeError);
    expect(() => eye(2, 1.5)).toThrow('[eye] shape [2, 1.5] holds 1.5');
  });
});

test('zerosLike, onesLike and fullLike have the shape and the data type of a tensor', () => {
  const x = tensor(
    [
      [1, 2],
      [3, 4],
    ],
    { dtype: 'uint8' },
  );
  expect(zerosLike(x).toArray()).toEqual([
    [0, 0],
    [0, 0],
  ]);
  expect(zerosLike(x).dtype).toBe('uint8');
  expect(onesLike(x, 'float32').toArray()).toEqual([
    [1, 1],
    [1, 1],
  ]);
  expect(onesLike(x, 'float32').dtype).toBe('float32');
  expect(fullLike(x, 7).toArray()).toEqual([
    [7, 7],
    [7, 7],
  ]);
  expect(fullLike(tensor(true), 1).toArray()).toBe(true);
  expect(() => fullLike(x, 0.5)).toThrow(ValueError);
  expect(() => fullLike(x, 300)).toThrow('[fullLike] 300 does not fit uint8');
});
