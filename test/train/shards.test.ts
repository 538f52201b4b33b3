import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ShardTree, shardRows } from '../../src/train/shards.ts';

const names = (shards: (string | null)[]): string | null => {
  const tree = new ShardTree<string>((a, b) => `(${a} ${b})`);
  for (const shard of shards) tree.push(shard);
  return tree.sum;
};

test.each([
  [['0'], '0'],
  [['0', '1'], '(0 1)'],
  [['0', '1', '2', '3', '4', '5', '6', '7'], '(((0 1) (2 3)) ((4 5) (6 7)))'],
  [['0', null, '2', '3'], '(0 (2 3))'],
  [[null, null, '2', null], '2'],
  [['0', '1', null, null, null, '5', null, null], '((0 1) 5)'],
  [[null, null], null],
])('adds in a binary tree over shard numbers: %j', (shards, expected) => {
  expect(names(shards)).toBe(expected);
});

test('parts of the tree can be added elsewhere', () => {
  const shard = fc.option(fc.string({ minLength: 1 }), { nil: null });
  fc.assert(
    fc.property(fc.array(shard, { minLength: 8, maxLength: 8 }), fc.constantFrom(1, 2, 4), (shards, size) => {
      const parts = Array.from({ length: 8 / size }, (_, i) => names(shards.slice(i * size, (i + 1) * size)));
      expect(names(parts)).toBe(names(shards));
    }),
  );
});

test('returns the sums that are complete', () => {
  const tree = new ShardTree<number>((a, b) => a + b);
  expect([1, 2, 4, 8].map((n) => tree.push(n))).toEqual([1, 3, 4, 15]);
});

test('the rows of shards follow each other, in sizes that differ by at most one', () => {
  fc.assert(
    fc.property(fc.nat(1000), fc.constantFrom(1, 2, 4, 8, 16), (rows, shards) => {
      const all = Array.from({ length: shards }, (_, i) => shardRows(rows, shards, i));
      expect(all[0]![0]).toBe(0);
      expect(all.at(-1)![1]).toBe(rows);
      for (let i = 1; i < shards; i++) expect(all[i]![0]).toBe(all[i - 1]![1]);
      const sizes = all.map(([from, to]) => to - from);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }),
  );
});
