import { expect, test } from 'vitest';
import { toposort } from '../../src/compiler/toposort.ts';
import { explain, gradients, Parameter, runStep, type Tensor, tensor } from '../../src/index.ts';

// Engines allow about 10,000 calls inside each other.
const deep = 20_000;

function chain(x: Tensor, n: number): Tensor {
  let y = x;
  for (let i = 0; i < n; i++) y = i % 2 === 0 ? y.neg() : y.add(1);
  return y;
}

test('20,000 operations in a row are computed', () => {
  // Two operations take y to 1 - y, four back again.
  expect(chain(tensor([3, -1]), deep + 2).toArray()).toEqual([-2, 2]);
});

test('the gradient of 20,000 operations in a row', () => {
  const x = tensor([3, -1]);
  const [g] = gradients(chain(x, deep + 2).sum(), [x]);
  expect(g!.toArray()).toEqual([-1, -1]);
});

test('a value added to itself a hundred times is a hundred nodes', () => {
  const x = tensor([2]);
  let y: Tensor = x;
  for (let i = 0; i < 100; i++) y = y.add(y);
  expect(toposort([y.node]).nodes.length).toBe(101);
  expect(explain(y).length).toBeLessThan(20_000);
  const [g] = gradients(y.sum(), [x]);
  expect(toposort([g!.node]).nodes.length).toBeLessThan(400);
  expect(y.item()).toBe(2 ** 101);
  expect(g!.item()).toBe(2 ** 100);
});

test('a Parameter behind a long chain is updated', async () => {
  const p = new Parameter(tensor([3, -1]));
  const y = chain(p, 10_000);
  const [g] = gradients(y.sum(), [p]);
  await runStep({ results: [y], assignments: [[p, p.sub(g!)]] });
  expect(p.toArray()).toEqual([2, -2]);
  expect(y.toArray()).toEqual([3, -1]);
});
