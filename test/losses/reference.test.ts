import { describe, expect, test } from 'vitest';
import * as losses from '../../src/losses/index.ts';
import { fromArray } from '../../src/tensor/creation.ts';
import { gradients } from '../../src/tensor/gradients.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { computeDouble } from '../../src/testing/double.ts';
import { callArguments, isReferenceTensor, type LossCase, load, values } from '../reference/load.ts';

const functions = losses as unknown as Record<string, (...args: unknown[]) => Tensor>;

function build(name: string, lossCase: LossCase): { x: Tensor; loss: Tensor; gradient: Tensor } {
  const toTensor = (value: unknown): unknown => {
    if (isReferenceTensor(value)) return fromArray(values(value), value.shape, value.dtype);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toTensor(item)]));
  };
  const args = callArguments(name, lossCase).map(toTensor);
  const [x] = args;
  if (!(x instanceof Tensor)) throw new Error('predictions are tensors');
  const loss = functions[name]!(...args);
  return { x, loss, gradient: gradients(loss.sum(), [x])[0]! };
}

/** The largest difference, relative to numbers above 1. */
function distance(got: ArrayLike<number>, want: readonly number[]): number {
  expect(got.length).toBe(want.length);
  let most = 0;
  want.forEach((w, i) => {
    const d = Math.abs(got[i]! - w) / Math.max(1, Math.abs(w));
    if (!(d <= most)) most = d;
  });
  return most;
}

describe.each(Object.entries(load('losses')))('%s', (name, cases) => {
  test.each(cases.map((c) => [c.name, c] as const))('%s', async (_name, lossCase) => {
    const { x, loss, gradient } = build(name, lossCase);
    expect(loss.shape).toEqual(lossCase.out.shape);
    expect(loss.dtype).toBe('float32');
    expect(gradient.shape).toEqual(x.shape);
    expect(distance(await loss.data(), lossCase.out.data)).toBeLessThan(5e-7);
    expect(distance(await gradient.data(), lossCase.gradient.data)).toBeLessThan(5e-7);

    const [double, doubleGradient] = computeDouble([loss.node, gradient.node], new Map());
    expect(distance(double!, lossCase.out.data)).toBeLessThan(1e-12);
    expect(distance(doubleGradient!, lossCase.gradient.data)).toBeLessThan(1e-12);
  });
});

test('every loss has its reference', () => {
  expect(Object.keys(load('losses')).sort()).toEqual(Object.keys(functions).sort());
});
