import { expect, test } from 'vitest';
import { Generator, maximum } from '../../src/index.ts';

test('reductions over more than 2^32 points', () => {
  const x = new Generator(1).uniform([65_536, 1]);
  const y = new Generator(2).uniform([1, 65_600]);
  const most = maximum(x, y).max(1).dataSync();
  const least = Math.max(...y.dataSync());
  x.dataSync().forEach((value, i) => {
    if (most[i] !== Math.max(value, least)) expect.fail(`row ${i}`);
  });
});
