import vm from 'node:vm';
import { describe, expect, test } from 'vitest';
import { DTypeError, reshape, ShapeError, scalar, tensor, ValueError } from '../../src/index.ts';
import { assertClose } from '../../src/testing.ts';

const kinds = [
  [Float32Array, 'float32'],
  [Float64Array, 'float32'],
  [Int8Array, 'int32'],
  [Int16Array, 'int32'],
  [Int32Array, 'int32'],
  [Uint8Array, 'uint8'],
  [Uint8ClampedArray, 'uint8'],
  [Uint16Array, 'int32'],
  [Uint32Array, 'int32'],
] as const;

describe.each(kinds)('%o', (Kind, dtype) => {
  const foreign = vm.runInNewContext(`({
    flat: ${Kind.name}.of(1, 2, 3),
    rows: [${Kind.name}.of(1, 2), ${Kind.name}.of(3, 4)],
    ndarray: { data: ${Kind.name}.of(1, 2, 3, 4), shape: [2, 2], stride: [1, 2], offset: 0 },
  })`);

  test('flat', () => {
    for (const flat of [Kind.of(1, 2, 3), foreign.flat]) {
      const t = tensor(flat);
      expect(t.dtype).toBe(dtype);
      expect(t.toArray()).toEqual([1, 2, 3]);
    }
  });

  test('without a copy', () => {
    const t = tensor(foreign.flat, { copy: false });
    expect(t.dtype).toBe(dtype);
    expect(t.mul(2).toArray()).toEqual([2, 4, 6]);
  });

  test('rows', () => {
    for (const rows of [[Kind.of(1, 2), Kind.of(3, 4)], foreign.rows]) {
      const t = tensor(rows);
      expect(t.dtype).toBe('float32');
      expect(t.toArray()).toEqual([
        [1, 2],
        [3, 4],
      ]);
      assertClose(t, rows);
    }
  });

  test('an ndarray', () => {
    const t = tensor(foreign.ndarray);
    expect(t.dtype).toBe(dtype);
    expect(t.toArray()).toEqual([
      [1, 3],
      [2, 4],
    ]);
  });
});

test('views of shared memory and buffers', () => {
  expect(tensor(new Float32Array(new SharedArrayBuffer(8))).toArray()).toEqual([0, 0]);
  expect(tensor(Buffer.from([1, 2])).dtype).toBe('uint8');
});

test('a row that is longer than the longest array of numbers', () => {
  const row = new Uint8Array(113_000_000);
  row[row.length - 1] = 7;
  const t = tensor([row], { dtype: 'uint8' });
  expect(t.shape).toEqual([1, 113_000_000]);
  expect(t.slice(0, -1).item()).toBe(7);
});

describe('values that are no numbers', () => {
  const endless: unknown[] = [];
  endless.push(endless);
  const pair: unknown[] = [[1, 2]];
  pair.push(pair);

  const refused: Record<string, [unknown, unknown, RegExp]> = {
    'an array in itself': [endless, ShapeError, /more than 64 levels/],
    'an array in itself, later': [pair, ShapeError, /ragged/],
    bigints: [BigInt64Array.of(1n), DTypeError, /got a BigInt64Array/],
    'a row of bigints': [[BigInt64Array.of(1n)], ValueError, /got a BigInt64Array among/],
    'a DataView': [new DataView(new ArrayBuffer(4)), DTypeError, /got a DataView/],
    'a buffer': [new ArrayBuffer(4), DTypeError, /got an ArrayBuffer/],
    'a long text': ['x'.repeat(1e6), DTypeError, /got 'x{40}\.\.\.', wanted/],
    'a long text among numbers': [[1, 'x'.repeat(1e6)], ValueError, /got 'x{40}\.\.\.' among/],
    'a typed array beside numbers': [[1, new Uint16Array(100_000)], ShapeError, /ragged/],
    'a shorter row': [[Int8Array.of(1, 2), Int8Array.of(1)], ShapeError, /ragged/],
    'a row that is too shallow': [[[[1], [2]], Int8Array.of(1, 2)], ShapeError, /ragged/],
    nothing: [null, DTypeError, /got null/],
    'a hole': [new Array(2), ValueError, /got undefined among/],
    'a tensor among numbers': [[scalar(1)], ValueError, /got a tensor among/],
  };

  test.each(Object.entries(refused))('%s', (_, [values, type, message]) => {
    expect(() => tensor(values as never)).toThrow(type as never);
    expect(() => tensor(values as never)).toThrow(message);
  });

  test('errors are short, and end with the advice', () => {
    const shape = new Array(100_000).fill(2);
    let text = '';
    try {
      tensor([1, 2]).reshape(shape);
    } catch (error) {
      text = (error as Error).message;
    }
    expect(text.length).toBeLessThan(2000);
    expect(text).toMatch(/^\[reshape\].* \.\.\. /s);
  });

  test('numbers that do not fit', () => {
    expect(() => tensor([[1, 2.5]], { dtype: 'int32' })).toThrow(/value 2.5 does not fit int32/);
    expect(() => tensor([Int16Array.of(1, -2)], { dtype: 'uint8' })).toThrow(/value -2 does not fit uint8/);
    expect(
      tensor(
        [
          [0, -3],
          [Number.NaN, 0],
        ],
        { dtype: 'bool' },
      ).toArray(),
    ).toEqual([
      [false, true],
      [true, false],
    ]);
    expect(tensor([[true, 2]]).toArray()).toEqual([[1, 2]]);
  });
});

describe('ndarrays whose shape, strides and offset leave their data', () => {
  const data = Float32Array.of(1, 2, 3, 4);
  test.each([
    { shape: [2, 3], stride: [3, 1], offset: 0 },
    { shape: [4], stride: [1], offset: 1 },
    { shape: [4], stride: [-1], offset: 2 },
    { shape: [2], stride: [1], offset: -1 },
    { shape: [2], stride: [0.5], offset: 0 },
    { shape: [2, 2], stride: [2], offset: 0 },
    { shape: [-2], stride: [1], offset: 0 },
    { shape: [2], stride: [Number.NaN], offset: 0 },
  ])('%o', (view) => {
    expect(() => tensor({ data, ...view })).toThrow(ShapeError);
    expect(() => assertClose({ data, ...view }, [1])).toThrow(ShapeError);
  });

  test('those within are read', () => {
    expect(tensor({ data, shape: [4], stride: [-1], offset: 3 }).toArray()).toEqual([4, 3, 2, 1]);
    expect(tensor({ data, shape: [2, 3], stride: [1, 0], offset: 1 }).toArray()).toEqual([
      [2, 2, 2],
      [3, 3, 3],
    ]);
    expect(tensor({ data, shape: [0, 9], stride: [9, 1], offset: 0 }).shape).toEqual([0, 9]);
  });

  test('the error says what is read', () => {
    expect(() => tensor({ data, shape: [4], stride: [1], offset: 1 })).toThrow(
      '[tensor] the ndarray of shape [4], stride [1] and offset 1 reads the elements 1 to 4 of 4. Pass a shape, strides and an ' +
        'offset that fit the data.',
    );
  });
});

test('a shape that is no array', () => {
  expect(() => reshape(tensor([1]), null as never)).toThrow(ShapeError);
  expect(() => tensor([1]).reshape(1 as never)).toThrow(ShapeError);
});
