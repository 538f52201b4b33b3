import { describe, test } from 'vitest';
import {
  argsort,
  gradients,
  putAlongAxis,
  type ScatterMode,
  sort,
  type Tensor,
  topK,
} from '../../src/index.ts';
import { fromArray } from '../../src/tensor/creation.ts';
import { expectRewritten, expectSame, random } from './same-bits.ts';

describe('sorting', () => {
  const special = fromArray(
    Float32Array.from(
      { length: 5000 },
      (_, i) => [NaN, Infinity, -0, 0, -Infinity, i % 7, -(i % 5)][i % 11] ?? i / 9,
    ),
    [5000],
    'float32',
  );
  const ordered = fromArray(
    Int32Array.from({ length: 9000 }, (_, i) => 9000 - i),
    [9000],
    'int32',
  );

  test.each([[[39]], [[41]], [[3, 300]], [[20_000]], [[6, 5000]], [[5, 0]]] as const)('of %j', (shape) => {
    const x = random(...shape);
    const k = Math.min(10, shape.at(-1)!);
    const coarse = x.mul(3).round();
    expectSame([
      argsort(x),
      argsort(coarse, -1, { descending: true }),
      sort(x.mul(1000).cast('int32')).add(1),
      topK(x, k).indices,
      topK(coarse, k, { largest: false }).indices,
      ...gradients(sort(x).mul(x).sum(), [x]),
    ]);
  });

  test('special values, ties and opposite order', () => {
    expectSame([
      argsort(special),
      argsort(special, -1, { descending: true }),
      topK(special, 700).indices,
      topK(special, 3000, { largest: false }).indices,
      argsort(ordered),
      topK(ordered, 5, { largest: false }).indices,
      topK(ordered.flip(), 5).indices,
      argsort(special.cast('uint8')),
    ]);
  });

  test.each([[[1]], [[2]], [[65]], [[3, 200]]] as const)('of %j, rewritten', (shape) => {
    const x = random(...shape);
    expectRewritten([argsort(x), argsort(x.mul(2).round(), -1, { descending: true }), sort(x)], 0);
  });

  test('special values, rewritten', () => {
    const x = special.slice([0, 300]);
    expectRewritten([argsort(x), argsort(x, -1, { descending: true }), topK(x, 7).indices], 0);
  });
});

test.each([
  [[5000], [3000], 0],
  [[4, 50, 3], [4, 2000, 3], 1],
] as const)('scattering into %j', (shape, given, axis) => {
  const x = random(...shape);
  const updates = random(...given);
  const indices = updates.mul(1e6).cast('int32').mod(shape[axis]!);
  const put = (mode: ScatterMode): Tensor => putAlongAxis(x, indices, updates, axis, { mode });
  const all = [put('set'), put('add'), put('max'), put('min')];
  expectSame([...all, ...gradients(put('add').mul(x).sum(), [x, updates])]);
  expectRewritten(all, 1e-5);
});
