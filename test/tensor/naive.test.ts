import { describe, expect, test } from 'vitest';
import { load, type OperationCase } from '../reference/load.ts';
import { invoke, operationNames, referenceArguments, referenceGradient } from './invoke.ts';
import { naive } from './naive.ts';

// The naive evaluator, which random graphs are compared with, gives the values of NumPy and PyTorch itself.

function expectClose(got: ArrayLike<number>, wanted: ArrayLike<number>, what: string): void {
  expect(got.length).toBe(wanted.length);
  for (let i = 0; i < got.length; i++) {
    const [x, e] = [got[i]!, wanted[i]!];
    const close = x === e || Object.is(x, e) || Math.abs(x - e) <= 1e-11 * Math.max(1, Math.abs(e));
    if (!close) expect.fail(`${what}, at ${i}: got ${x}, wanted ${e}`);
  }
}

const values = load('ops');
test.each(operationNames.filter((name) => name !== 'detach'))('%s', (name) => {
  for (const c of values[name] as OperationCase[]) {
    if (c.float32Only) continue;
    const nodes = invoke(name, referenceArguments(name, c).args).map((t) => t.node);
    const wanted = [c.out].flat();
    for (const [k, got] of naive(nodes).entries()) expectClose(got, wanted[k]!.data, c.name);
  }
});

const gradients = load('gradients');
describe('gradients', () => {
  test.each([...new Set(gradients.map((c) => c.op))])('of %s', (name) => {
    for (const c of gradients.filter(({ op }) => op === name)) {
      expectClose(naive([referenceGradient(c).node])[0]!, c.grad.data, `${c.name}, by operand ${c.wrt}`);
    }
  });
});
