import { describe, expect, test } from 'vitest';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { computeDouble } from '../../src/testing/double.ts';
import { type GradientCase, load, type OperationCase, type ReferenceTensor } from '../reference/load.ts';
import {
  invoke,
  type OperationName,
  operationNames,
  referenceArguments,
  referenceGradient,
} from './invoke.ts';
import { operations } from './operations/index.ts';
import { ulpsApart } from './ulps.ts';

const reference = load('ops');
/** `detach` changes nothing but the graph. */
const withValues = operationNames.filter((name) => name !== 'detach');

/** The cases of an operation; none if they have not been made. */
const casesOf = (name: OperationName): readonly OperationCase[] => reference[name] ?? [];

test('no known answers lack their operation', () => {
  const known: readonly string[] = withValues;
  expect(Object.keys(reference).filter((name) => !known.includes(name))).toEqual([]);
});

function expectSingle(got: Tensor, wanted: ReferenceTensor, ulps: number, absolute: number): void {
  expect(got.dtype).toBe(wanted.dtype);
  expect(got.shape).toEqual(wanted.shape);
  const values = got.dataSync();
  expect(values.length).toBe(wanted.data.length);
  wanted.data.forEach((e, i) => {
    const x = values[i]!;
    const close =
      got.dtype === 'float32'
        ? (e === 0 ? Object.is(x, e) : ulpsApart(x, e) <= ulps) ||
          (Number.isFinite(e) && e !== 0 && Math.abs(x - e) <= absolute)
        : x === e;
    if (!close) expect.fail(`at ${i}: got ${x}, wanted ${Math.fround(e)}, ${ulpsApart(x, e)} ulps apart`);
  });
}

function expectDouble(got: Float64Array, wanted: ReferenceTensor, relative: number, absolute: number): void {
  expect(got.length).toBe(wanted.data.length);
  wanted.data.forEach((e, i) => {
    const x = got[i]!;
    const close =
      Object.is(x, e) ||
      (Number.isFinite(e) && e !== 0 && Math.abs(x - e) <= absolute + relative * Math.abs(e));
    if (!close) expect.fail(`at ${i}: got ${x}, wanted ${e}`);
  });
}

describe.each(withValues)('%s', (name) => {
  const { ulps = 2, absolute = 0 } = operations[name];
  const calls = (c: OperationCase): [Tensor, ReferenceTensor][] => {
    const results = invoke(name, referenceArguments(name, c).args);
    const wanted = [c.out].flat();
    expect(results.length).toBe(wanted.length);
    return results.map((t, k) => [t, wanted[k]!]);
  };

  test('has known answers', () => {
    const advice = `Add cases of '${name}' to test/reference/ops_*.py and run: /usr/bin/python3 -B test/reference/ops.py ${name}`;
    expect(casesOf(name).length, advice).toBeGreaterThan(4);
  });

  test.each(casesOf(name))('$name', (c) => {
    for (const [t, wanted] of calls(c)) expectSingle(t, wanted, ulps, absolute);
  });

  test.each(casesOf(name).filter((c) => !c.float32Only))('$name, in double precision', (c) => {
    for (const [t, wanted] of calls(c)) {
      expectDouble(computeDouble([t.node], new Map())[0]!, wanted, 1e-12, absolute * 1e-8);
    }
  });
});

describe('gradients', () => {
  const title = (c: GradientCase) => `${c.op}, ${c.name}, by operand ${c.wrt}`;
  test.each(load('gradients').map((c) => [title(c), c] as const))('%s', (_, c) => {
    const g = referenceGradient(c);
    expect(g.shape).toEqual(c.grad.shape);
    // A zero's sign does not count here.
    const unsigned = (data: Iterable<number>) => Float64Array.from(data, (x) => x + 0);
    const wanted = { ...c.grad, data: [...unsigned(c.grad.data)] };
    expectDouble(unsigned(computeDouble([g.node], new Map())[0]!), wanted, 1e-11, 1e-14);
    expectDouble(unsigned(g.dataSync()), wanted, 1e-5, 1e-6);
  });

  test('every differentiable operation has a case', () => {
    const known = new Set(load('gradients').map((c) => c.op));
    const missing = withValues.filter((name) => {
      const { differentiable, gradientAnswers = true } = operations[name];
      return differentiable && gradientAnswers && !known.has(name);
    });
    const advice =
      "Add gradients of these operations to test/reference/gradients.py and run it, or set 'gradientAnswers: false' in their rows";
    expect(missing, advice).toEqual([]);
  });
});
