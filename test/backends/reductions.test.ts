import { expect, test } from 'vitest';
import { gradients, type Tensor, tensor, where } from '../../src/index.ts';
import { assertClose } from '../../src/testing.ts';
import { compilePlan } from '../compiler/plans.ts';
import { expectSame, random } from './same-bits.ts';

// Reductions and products of one row have the bits of the reference at all lengths and widths where the code takes another form.

const sizes = [
  [7, 130],
  [31, 96],
  [32, 95],
  [32, 96],
  [33, 97],
  [65, 128],
  [100, 514],
  [70, 1030],
  [4129, 99],
  [8200, 96],
  // Narrow ones, whose rows are combined as one if they adjoin.
  [63, 24],
  [64, 24],
  [100, 2],
  [333, 3],
  [4101, 7],
  [8200, 10],
  [300, 95],
] as const;

test.each(sizes)('over the first axis of [%i, %i]', (length, width) => {
  const x = random(length, width);
  const reductions = (x: Tensor): Tensor[] => [x.sum(0), x.max(0), x.min(0), x.prod(0), x.mul(x).sum(0)];
  const bias = random(width);
  expectSame([
    ...reductions(x),
    x.sub(bias).square().sum(0),
    x.mul(random(length, 1)).sum(0).relu(),
    x.exp().sum(0),
    x.exp().add(x.mul(bias)).sum(0),
    x.greater(1).any(0),
    x.greater(0).all(0),
    x.mul(100).cast('int32').sum(0),
    x.slice(null, [1, width]).sum(0),
    x.argmax(0),
  ]);
});

test.each(sizes)('over the last axis of [%i, %i]', (width, length) => {
  const x = random(width, length);
  expectSame([
    x.sum(1),
    x.max(1),
    x.min(1),
    x.prod(1),
    x.sub(random(length)).square().sum(1).sqrt(),
    x.mul(random(width, 1)).sum(1),
    x.exp().sum(1),
    x.greater(1).any(1),
    x.mul(100).cast('int32').max(1),
    x.slice(null, [3, length]).sum(1),
    x.transpose().sum(0),
  ]);
});

test.each([
  [3, 40, 100],
  [5, 33, 128],
  [4, 10, 600],
  [64, 9, 12],
  [20, 40, 5],
  [20, 3, 8],
  [5, 70, 6],
  [300, 4, 3],
])('over inner and outer axes of [%i, %i, %i]', (a, b, c) => {
  const x = random(a, b, c);
  expectSame([x.sum(1), x.max(1), x.sum([0, 1]), x.sum([0, 2]), x.max([0, 2]), x.sum([1, 2]), x.sum()]);
});

test('max and min of NaN, zeros of both signs and infinities', () => {
  const values = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1, -1];
  const x = random(200, 130);
  const index = random(200, 130).abs().mul(3).cast('int32').minimum(6);
  const mixed = values.reduce((y: Tensor, value, i) => {
    return where(index.equal(i), value, y);
  }, x);
  expectSame([mixed.max(0), mixed.min(0), mixed.max(1), mixed.min(1)]);
});

test.each([
  [1, 31, 96],
  [1, 32, 96],
  [1, 100, 50],
  [1, 333, 130],
  [1, 784, 512],
  [1, 4200, 600],
  [130, 300, 1],
  [3, 4200, 1],
])('a product [%i, %i] · [.., %i]', (m, k, n) => {
  const [a, b] = [random(m, k), random(k, n)];
  expectSame([a.matmul(b), a.matmul(b).add(random(n)).relu(), a.matmul(random(n, k).transpose())]);
});

test('products of one row in batches', () => {
  expectSame([
    random(6, 1, 70).matmul(random(6, 70, 100)),
    random(6, 1, 70).matmul(random(6, 100, 70).transpose([0, 2, 1])),
  ]);
});

test.each([0, 1, 2, 3, 5, 8, 15, 257, 1000, 4097])('the gradient of a product of %i numbers', (n) => {
  // Values near 1, so that no product underflows; rows have no zero, one, and two.
  const rows = [0, 1, 2].map((zeros) =>
    Array.from({ length: n }, (_, i) => (i < zeros ? 0 : 1 + Math.sin(i + zeros) / 8)),
  );
  const others = rows.map((row) =>
    row.map((_, i) => row.reduce((product, v, j) => (i === j ? product : product * v), 1)),
  );
  const x = tensor(rows.flat()).reshape([3, n]);
  const [last] = gradients(
    x
      .prod(1)
      .mul(tensor([1, 2, 3]))
      .sum(),
    [x],
  );
  const [first] = gradients(x.transpose().prod(0).sum(), [x]);
  expectSame([last!, first!]);
  const wanted = tensor(others.flat()).reshape([3, n]);
  assertClose(first!, wanted, { relative: 1e-5, absolute: 0 });
  assertClose(last!, wanted.mul(tensor([[1], [2], [3]])), { relative: 1e-5, absolute: 0 });
});

test('the gradient of a product takes memory in proportion to the numbers', () => {
  const x = random(4, 1 << 16);
  const [gradient] = gradients(x.prod(1).sum(), [x]);
  expect(compilePlan([gradient!.node]).plan.arenaBytes).toBeLessThan(3 * 4 * x.size);
});
