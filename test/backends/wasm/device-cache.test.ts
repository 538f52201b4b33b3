import { expect, test } from 'vitest';
import { Parameter, realize, type Tensor, tensor } from '../../../src/index.ts';
import { NonFiniteError } from '../../../src/ir/errors.ts';
import { valuesOf } from '../../../src/tensor/evaluate.ts';
import { runStep } from '../../../src/tensor/step.ts';

const n = 1 << 14;
const x = tensor(
  Float32Array.from({ length: n }, (_, i) => i),
  { copy: false },
);
const hasHostArray = (t: Tensor): boolean => t.node.storage!.host.isAllocated;

test('a large result gets its host array when its values are needed there', async () => {
  const t = x.add(1);
  await realize(t);
  expect(hasHostArray(t)).toBe(false);
  // The caller's own array is filled from the memory of WebAssembly.
  const mine = await t.data();
  mine[0] = -1;
  expect([...t.dataSync().subarray(0, 2), ...(await t.data()).subarray(n - 1)]).toEqual([1, 2, n]);
  expect(hasHostArray(t)).toBe(false);
  const values = await valuesOf(t);
  expect([values.length, values[0], values[n - 1]]).toEqual([n, 1, n]);
  expect(hasHostArray(t)).toBe(true);
  expect(await valuesOf(t)).toBe(values);
  expect(await t.data()).toEqual(values);
});

test('a result that a run consumes needs none', async () => {
  const a = x.add(1).detach();
  await realize(a);
  const b = a.mul(2).detach();
  await realize(b);
  const sum = await b.sub(a).max().data();
  expect([sum[0], hasHostArray(a), hasHostArray(b)]).toEqual([n, false, false]);
});

test('a failed run leaves old values, and its results can be computed later', async () => {
  const p = new Parameter<readonly number[]>(x);
  await p.assign(p.add(1));
  const result = x.mul(3);
  const target = tensor([1]).div(0).mul(p);
  await expect(runStep({ results: [result], assignments: [[p, target]] })).rejects.toThrow(NonFiniteError);
  expect([...(await p.data()).subarray(0, 2)]).toEqual([1, 2]);
  expect([...(await result.data()).subarray(0, 2)]).toEqual([0, 3]);
});
