import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gradients } from '../../src/tensor/gradients.ts';
import { concat } from '../../src/tensor/ops/index.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { computeDouble } from '../../src/testing/double.ts';
import { gradcheck } from '../../src/testing.ts';
import { runs } from '../tooling/effort.ts';
import { SmoothDraw } from './draw.ts';
import { invoke, type OperationName, operationNames } from './invoke.ts';
import { operations } from './operations/index.ts';

const choices = fc.array(fc.nat({ max: 0x7fffffff }), { minLength: 10, maxLength: 60, size: 'max' });

/** One call of an operation, as one tensor, and the leaves that it was made from. */
function call(name: OperationName, list: readonly number[]): { y: Tensor; leaves: Tensor[] } {
  const d = new SmoothDraw(list);
  const results = invoke(name, operations[name].arguments(d));
  return {
    y: results.length === 1 ? results[0]! : concat(results.map((t) => t.flatten())),
    leaves: d.leaves,
  };
}

const differentiable = operationNames.filter((name) => operations[name].differentiable);

describe.each(differentiable)('%s', (name) => {
  test.each([1, 2] as const)('gradient of order %i agrees with finite differences', async (order) => {
    const numRuns = runs(order === 1 ? 15 : 6);
    const property = fc.asyncProperty(choices, async (list) => {
      const { y, leaves } = call(name, list);
      await gradcheck(() => y, leaves, { order });
    });
    await fc.assert(property, { numRuns });
  });
});

test.each(operationNames.filter((name) => !operations[name].differentiable))(
  '%s lets no gradient through',
  (name) => {
    const property = fc.property(choices, (list) => {
      const { y, leaves } = call(name, list);
      const loss = y.cast('float32').sum();
      if (leaves.length === 0) return;
      const zero = computeDouble(
        gradients(loss, leaves).map((g) => g.node),
        new Map(),
      );
      for (const g of zero) expect(g.every((x) => x === 0)).toBe(true);
    });
    fc.assert(property, { numRuns: runs(5) });
  },
);
