import { afterEach, describe, expect, test } from 'vitest';
import {
  arange,
  avgPool,
  concat,
  conv,
  convTranspose,
  Dense,
  full,
  Generator,
  gradients,
  linspace,
  MemoryError,
  maxPool,
  oneHot,
  ones,
  pad,
  ShapeError,
  setBackend,
  slidingWindows,
  tensor,
  ValueError,
  zeros,
} from '../../src/index.ts';

const LARGEST = 2 ** 31 - 1;

afterEach(() => setBackend('wasm'));

describe('shapes with more elements than 32 bits can number are refused at the call', () => {
  const image = ones([1, 8, 8, 1]);
  const kernel = ones([2, 2, 1, 1]);
  const refused = {
    full: () => full([2 ** 32], 1),
    zeros: () => zeros([1e300]),
    'zeros, empty': () => zeros([0, 2 ** 31]),
    'zeros, more than 2^53 in all': () => zeros([2 ** 30, 2 ** 30]),
    pad: () => pad(tensor([1]), [[2 ** 32, 0]]),
    oneHot: () => oneHot(tensor([3], { dtype: 'int32' }), 2 ** 31),
    reshape: () => ones([2 ** 16, 2 ** 16]).reshape([-1]),
    flatten: () => ones([2 ** 16, 2 ** 16]).flatten(),
    concat: () => concat([arange(2 ** 30), arange(2 ** 30)]),
    'sum over all axes': () => ones([2 ** 16, 2 ** 16]).sum(),
    'mean over two axes': () => ones([2, 2 ** 16, 2 ** 16]).mean([1, 2]),
    argmax: () => ones([2 ** 16, 2 ** 16]).argmax(),
    any: () => ones([2 ** 16, 2 ** 16]).any(),
    uniform: () => new Generator(1).uniform([2 ** 16, 2 ** 16]),
    normal: () => new Generator(1).normal([2 ** 15, 2 ** 16]),
    truncatedNormal: () => new Generator(1).truncatedNormal([2 ** 15, 2 ** 16]),
    linspace: () => linspace(0, 1, 2 ** 40),
    arange: () => arange(2 ** 40),
    'arange of fractions': () => arange(0, 1, 1e-300),
    'maxPool, padding': () => maxPool(image, 2, { padding: [[2 ** 31, 0], 0] }),
    'maxPool, padding that is not too large': () => maxPool(image, 2, { padding: [[2 ** 28, 0], 0] }),
    'maxPool, stride': () => maxPool(image, 2, { stride: 2 ** 32 + 1 }),
    'avgPool, window': () => avgPool(ones([1, 2 ** 16, 2 ** 16, 1]), 2 ** 16),
    'conv, padding': () => conv(image, kernel, { padding: 2 ** 31 }),
    'conv, dilation': () => conv(image, kernel, { dilation: 2 ** 32 + 1 }),
    'convTranspose, stride': () => convTranspose(image, kernel, { stride: 2 ** 30 }),
    slidingWindows: () => slidingWindows(tensor([1, 2]), [1], { strides: [2 ** 32 + 1] }),
    Dense: () => new Dense(2 ** 32, 1),
    'Dense, weights': () => new Dense(2 ** 20, 2 ** 20),
  };
  test.each(Object.entries(refused))('%s', (_, call) => {
    expect(call).toThrow(ShapeError);
  });
});

test('the error names the function, the shape and the limit', () => {
  expect(() => full([3, 2 ** 32], 1)).toThrow(
    '[full] shape [3, 4294967296] is too large: wanted at most 2147483647 elements along an axis and 9007199254740991 in all.',
  );
  expect(() => ones([2 ** 16, 2 ** 16]).mean()).toThrow(
    '[mean] got 4294967296 elements of [65536, 65536] for each result, wanted at most 2147483647. Reduce one axis after the ' +
      'other.',
  );
});

describe.each(['wasm', 'js'] as const)('the largest axis on %s', (backend) => {
  test('slices, padding, indices and labels', async () => {
    await setBackend(backend);
    const padded = pad(tensor([1, 2]), [[LARGEST - 2, 0]]);
    expect(padded.slice([-3, LARGEST]).toArray()).toEqual([0, 1, 2]);
    expect(
      full([LARGEST], 3)
        .take([LARGEST - 1, -LARGEST])
        .toArray(),
    ).toEqual([3, 3]);
    expect(arange(LARGEST).slice([-2, LARGEST]).toArray()).toEqual([LARGEST - 2, LARGEST - 1]);
    const labels = tensor([LARGEST - 1, 0], { dtype: 'int32' });
    expect(oneHot(labels, LARGEST).slice(null, -1).toArray()).toEqual([1, 0]);
    expect(oneHot(labels, LARGEST).slice(null, 0).toArray()).toEqual([0, 1]);
  });

  test('random numbers do not repeat, and are those of a smaller shape', async () => {
    await setBackend(backend);
    const whole = new Generator(1).uniform([LARGEST]);
    expect(whole.slice([0, 4]).toArray()).toEqual(new Generator(1).uniform([4]).toArray());
    // Words 2^31 - 4 to 2^31 - 2 of the stream with key [1, 0], computed with Python's integers.
    expect(whole.slice([-3, LARGEST]).toArray()).toEqual(
      [3594482924, 1518034004, 299683260].map((word) => (word >>> 8) / 2 ** 24),
    );
  });

  test('one large step takes one element', async () => {
    await setBackend(backend);
    const x = tensor([1, 2, 3]);
    for (const step of [2 ** 32, 2 ** 32 + 1, -(2 ** 32)]) {
      const y = x.slice([null, null, step]);
      expect(y.toArray()).toEqual([step > 0 ? 1 : 3]);
      expect(gradients(y.sum(), [x])[0]!.toArray()).toEqual(step > 0 ? [1, 0, 0] : [0, 0, 1]);
    }
  });
});

test('more values than memory has are a MemoryError', async () => {
  for (const backend of ['wasm', 'js'] as const) {
    await setBackend(backend);
    expect(() => ones([2 ** 30, 2 ** 20]).dataSync()).toThrow(MemoryError);
    expect(() =>
      ones([2 ** 20, 2 ** 20])
        .add(1)
        .matmul(ones([2 ** 20, 1]))
        .dataSync(),
    ).toThrow(MemoryError);
  }
});

test('a sum of two large axes, one after the other', () => {
  expect(
    ones([2 ** 16, 2 ** 16])
      .sum(1)
      .sum()
      .item(),
  ).toBe(2 ** 32);
});

test('columns of a reduction with more than 2^32 points', () => {
  const rows = 2 ** 25 + 1;
  const last = new Uint8Array(rows);
  last[rows - 1] = 1;
  const table = tensor(last, { copy: false })
    .reshape([rows, 1])
    .mul(full([1, 128], 1, 'uint8'));
  expect(table.max(0).dataSync()).toEqual(new Uint8Array(128).fill(1));
}, 600_000);

describe.each(['wasm', 'js'] as const)('sums and products of integers on %s', (backend) => {
  const integers = (...values: number[]) => tensor(values, { dtype: 'int32' });

  test('a sum that does not fit int32 is an error', async () => {
    await setBackend(backend);
    // NumPy and PyTorch give the int64 3060000000.
    const white = full([4000, 3000], 255, 'uint8');
    expect(() => white.sum().item()).toThrow(ValueError);
    expect(() => white.sum().item()).toThrow(
      "[sum] the result does not fit int32: it is below -2147483648 or above 2147483647. Convert the tensor with cast('float32') first.",
    );
    expect(() => integers(LARGEST, 1).sum().item()).toThrow(ValueError);
    expect(() =>
      integers(-(2 ** 31), -1)
        .sum()
        .item(),
    ).toThrow(ValueError);
    expect(() => integers(LARGEST, LARGEST, LARGEST).sum().item()).toThrow(ValueError);
    expect(() =>
      tensor(
        [integers(1, 2), integers(LARGEST, 1)].map((t) => [...t.dataSync()]),
        { dtype: 'int32' },
      )
        .sum(1)
        .dataSync(),
    ).toThrow(ValueError);
    expect(() => integers(65536, 32768).prod().item()).toThrow(/^\[prod\] the result does not fit int32/);
    expect(() => integers(65536, 65536).prod().item()).toThrow(ValueError);
    expect(() => full([1000], 1_000_000, 'int32').prod().item()).toThrow(ValueError);
    expect(() => full([5], 200, 'uint8').prod().item()).toThrow(ValueError);
  });

  test('sums and products that fit are exact, whatever their parts', async () => {
    await setBackend(backend);
    expect(full([4000, 3000], 170, 'uint8').sum().item()).toBe(2_040_000_000);
    expect(full([4000, 3000], 1, 'bool').sum().item()).toBe(12_000_000);
    expect(integers(LARGEST, 1, -1).sum().item()).toBe(LARGEST);
    expect(
      integers(LARGEST - 1, 1)
        .sum()
        .item(),
    ).toBe(LARGEST);
    expect(
      integers(-(2 ** 31), -1, 1)
        .sum()
        .item(),
    ).toBe(-(2 ** 31));
    const large = full([10_000], 2_000_000_000, 'int32');
    expect(large.mul(arange(10_000).mod(2).mul(2).sub(1)).sum().item()).toBe(0);
    expect(integers(65536, -32768).prod().item()).toBe(-(2 ** 31));
    expect(integers(LARGEST, LARGEST, 0).prod().item()).toBe(0);
    expect(full([1000], 1_000_000, 'int32').mul(arange(1000)).prod().item()).toBe(0);
  });
});
