import fc from 'fast-check';
import { fromArray } from '../../../src/tensor/creation.ts';
import { gradients } from '../../../src/tensor/gradients.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { SmoothDraw } from '../../tensor/draw.ts';
import { invoke, type OperationName, operationNames } from '../../tensor/invoke.ts';
import { operations as rows } from '../../tensor/operations/index.ts';
import type { Case, Effort } from './case.ts';
import { COMPOSED } from './cases-known.ts';
import { type Goal, missed } from './evaluate.ts';
import { toleranceOf } from './tolerance.ts';

// Calls of every operation against double precision: values, gradients and gradients of gradients.

const choices = fc.array(fc.nat({ max: 0x7fffffff }), { minLength: 10, maxLength: 60, size: 'max' });

export function operations({ runs, seed }: Effort): Case[] {
  return operationNames.map((name) => ({
    group: 'operations',
    name,
    run: async (backend) => {
      const draw = (numRuns: number, more: number) =>
        fc.sample(choices, { numRuns: Math.ceil(runs * numRuns), seed: seed + more });
      const { differentiable } = rows[name];
      const fused = [
        ...draw(5, 0).flatMap((list) => valueGoals(name, list)),
        ...(differentiable ? draw(3, 1).flatMap((list) => gradientGoals(name, list, 1)) : []),
        ...(differentiable ? draw(1, 2).flatMap((list) => gradientGoals(name, list, 2)) : []),
      ];
      const apart = [
        ...draw(2, 3).flatMap((list) => valueGoals(name, list)),
        ...(differentiable ? draw(1, 4).flatMap((list) => gradientGoals(name, list, 1)) : []),
      ];
      return (
        (await missed(backend, fused)) ?? said('not fused, ', await missed(backend, apart, { fusion: false }))
      );
    },
  }));
}

const said = (prefix: string, miss: string | null): string | null => (miss === null ? null : prefix + miss);

function call(name: OperationName, list: readonly number[]) {
  const draw = new SmoothDraw(list);
  const args = rows[name].arguments(draw);
  // JSON.stringify would compute the values of tensors.
  const show = (x: unknown): unknown =>
    x instanceof Tensor ? `[${x.shape}]` : Array.isArray(x) ? x.map(show) : x;
  const text = JSON.stringify(args.map(show));
  return {
    results: invoke(name, args),
    leaves: draw.leaves,
    text: `${name} ${text} of ${JSON.stringify(list)}`,
  };
}

function valueGoals(name: OperationName, list: readonly number[]): Goal[] {
  const { results, text } = call(name, list);
  return results.map((tensor) => ({ what: text, tensor, ...toleranceOf(name) }));
}

function gradientGoals(name: OperationName, list: readonly number[], order: 1 | 2): Goal[] {
  const { results, leaves, text } = call(name, list);
  if (leaves.length === 0) return [];
  let derived = results;
  for (let i = 0; i < order; i++) derived = gradients(weighed(derived), leaves);
  return derived.map((tensor, k) => ({
    what: `gradient of order ${order} by leaf ${k} of ${text}`,
    tensor,
    ...COMPOSED,
  }));
}

/** A sum in which every element counts differently. */
function weighed(tensors: readonly Tensor[]): Tensor {
  const parts = tensors.map((t, k) => {
    const weights = Float32Array.from({ length: t.size }, (_, i) => 0.5 + ((3 * i + 2 * k) % 7) / 4);
    return t.mul(fromArray(weights, t.shape, 'float32')).sum();
  });
  return parts.reduce((a, b) => a.add(b));
}
