import { afterAll, describe, expect, test } from 'vitest';
import {
  explain,
  Parameter,
  profile,
  setBackend,
  type Tensor,
  take,
  tensor,
  ValueError,
  zeros,
} from '../../src/index.ts';
import { backendInfo } from '../../src/runtime/backends.ts';
import { overwriteSlice, setSlice } from '../../src/tensor/ops/arrangement/set-slice.ts';
import { explainAssignments, runAssignments } from '../../src/tensor/step.ts';
import { gradcheck } from '../../src/testing.ts';
import { engines, threads } from '../backends/engines.ts';
import { FakeDevice } from '../runtime/fake-device.ts';

afterAll(() => setBackend('wasm'));

const numbers = (shape: readonly number[], first = 0): Tensor =>
  tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.fround(first + i * 0.37)),
    { shape },
  ) as Tensor;

/** NumPy's x[..., start : start + T, ...] = part. */
function expected(
  x: ArrayLike<number>,
  shape: readonly number[],
  part: ArrayLike<number>,
  axis: number,
  start: number,
): Float32Array {
  const result = Float32Array.from(x);
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const outer = shape.slice(0, axis).reduce((a, b) => a * b, 1);
  const run = part.length / outer;
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < run; i++) result[o * shape[axis]! * inner + start * inner + i] = part[o * run + i]!;
  return result;
}

const cases = [
  ['the first axis', [7, 3], 0, 2, 4],
  ['the last axis', [2, 3, 9], 2, 4, 1],
  ['one step in the middle', [3, 2, 5, 4], 2, 1, 4],
  ['all of it', [2, 4, 3], 1, 4, 0],
  ['more than 32 KiB', [4, 8, 40, 9], 2, 3, 17],
] as const;

const partOf = (shape: readonly number[], axis: number, steps: number): number[] =>
  shape.map((size, i) => (i === axis ? steps : size));

const backends = [
  ['js', 'js'] as const,
  ...engines.map((engine, i) => [`wasm, ${threads[i]} threads`, engine] as const),
  ['asynchronous', 'device'] as const,
];

describe.each(backends)('on %s', (_, chosen) => {
  const use = async (): Promise<void> => setBackend(chosen === 'device' ? new FakeDevice() : chosen);

  test.each(cases)('replaces %s', async (_, shape, axis, steps, start) => {
    await use();
    const x = numbers(shape);
    const part = numbers(partOf(shape, axis, steps), -50);
    const result = setSlice(x, part.mul(2), axis, start);
    const wanted = expected(await x.data(), shape, await part.mul(2).data(), axis, start);
    expect(await result.data()).toEqual(wanted);
    expect(await result.add(1).sum(axis).data()).toEqual(
      await (tensor(wanted, { shape }) as Tensor).add(1).sum(axis).data(),
    );
  });

  test.each(cases)('overwrites %s of a Parameter, several times', async (_, shape, axis, steps, last) => {
    await use();
    const x = new Parameter(numbers(shape));
    let wanted: Float32Array = Float32Array.from(await x.data());
    for (const start of [last, 0, Math.floor(last / 2), last]) {
      const part = numbers(partOf(shape, axis, steps), start + 1);
      const { assignment, value } = overwriteSlice(x, part.mul(part), axis, start);
      const sum = value.mul(3).sum(0);
      await runAssignments({ results: [sum], assignments: [assignment] });
      wanted = expected(wanted, shape, await part.mul(part).data(), axis, start);
      expect(await x.data()).toEqual(wanted);
      expect(await sum.data()).toEqual(await (tensor(wanted, { shape }) as Tensor).mul(3).sum(0).data());
    }
    expect(x.version).toBe(4);
  });

  test('an overwritten Parameter keeps its values on the next backend', async () => {
    await use();
    const x = new Parameter(numbers([6, 50]));
    const wanted = expected(await x.data(), [6, 50], await numbers([1, 50], 9).data(), 0, 3);
    await runAssignments({ assignments: [overwriteSlice(x, numbers([1, 50], 9), 0, 3).assignment] });
    await setBackend('js');
    const next = expected(wanted, [6, 50], await numbers([1, 50], 8).data(), 0, 4);
    await runAssignments({ assignments: [overwriteSlice(x, numbers([1, 50], 8), 0, 4).assignment] });
    await use();
    expect(await x.add(0).data()).toEqual(next);
    expect(await x.data()).toEqual(next);
  });

  test('a run that fails changes the part at most, and the next one succeeds', async () => {
    await use();
    const x = new Parameter(numbers([5, 3]));
    const before = Float32Array.from(await x.data());
    const attempt = async (index: number): Promise<void> => {
      const row = take(numbers([4, 3], 20), tensor([index], { dtype: 'int32' }) as Tensor);
      const { assignment, value } = overwriteSlice(x, row, 0, 2);
      await runAssignments({ results: [value.sum()], assignments: [assignment] });
    };
    await expect(async () => attempt(9)).rejects.toThrow(ValueError);
    const after = await x.data();
    for (const i of [0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 14]) expect(after[i]).toBe(before[i]);
    await attempt(1);
    const row = await numbers([4, 3], 20).slice(1).data();
    expect(await x.data()).toEqual(expected(before, [5, 3], row, 0, 2));
  });

  test('what reads the Parameter in the same run gets the old values', async () => {
    await use();
    const x = new Parameter(numbers([4, 30]));
    const y = new Parameter(zeros([4, 30]));
    const before = Float32Array.from(await x.data());
    const part = numbers([1, 30], -7);
    const { assignment, value } = overwriteSlice(x, part, 0, 1);
    const old = x.mul(1);
    const both = value.add(x);
    await runAssignments({ results: [old, both], assignments: [assignment, [y, x]] });
    const wanted = expected(before, [4, 30], await part.data(), 0, 1);
    expect(await old.data()).toEqual(before);
    expect(await y.data()).toEqual(before);
    expect(await x.data()).toEqual(wanted);
    expect(await both.data()).toEqual(wanted.map((v, i) => v + before[i]!));
  });

  test('the value can be a result', async () => {
    await use();
    const x = new Parameter(numbers([4, 3]));
    const wanted = expected(await x.data(), [4, 3], await numbers([2, 3], 5).data(), 0, 1);
    const { assignment, value } = overwriteSlice(x, numbers([2, 3], 5), 0, 1);
    await runAssignments({ results: [value], assignments: [assignment] });
    expect(await value.data()).toEqual(wanted);
    expect(await x.data()).toEqual(wanted);
  });
});

const step = (x: Parameter, start: number): Parameters<typeof explainAssignments>[0] => {
  const { assignment, value } = overwriteSlice(x, numbers([2, 3, 1, 4], start), 2, start);
  return { results: [value.sum(2)], assignments: [assignment] };
};

test('the plan writes the part and copies nothing; all starts have the same plan', async () => {
  await setBackend('wasm');
  const x = new Parameter(zeros([2, 3, 100, 4]));
  const plan = explainAssignments({ ...step(x, 5) });
  expect(plan).not.toContain('replacement');
  expect(plan).toMatch(
    /loop setSlice: v(\d) from 0 to 5.*\n.*for \[4\]\n +b\d\[400 v\1 \+ 4 v\d \.\.\.\] = b\d/,
  );
  await runAssignments(step(x, 0));
  const { planMisses } = backendInfo();
  for (let start = 1; start < 100; start++) await runAssignments(step(x, start));
  expect(backendInfo().planMisses).toBe(planMisses);
  expect(explain(setSlice(x, numbers([2, 3, 1, 4]), 2, 5))).not.toContain('loop');
});

test('can be profiled, with the same values', async () => {
  await setBackend('wasm');
  const [x, y] = [new Parameter(zeros([2, 3, 100, 4])), new Parameter(zeros([2, 3, 100, 4]))];
  const profiles = await profile(async () => {
    for (const start of [0, 1, 2]) await runAssignments(step(x, start));
  });
  for (const start of [0, 1, 2]) await runAssignments(step(y, start));
  expect(await x.data()).toEqual(await y.data());
  expect(profiles[0]!.kernels.map(({ name }) => name)).toContain('setSlice');
});

test('has gradients of both orders', async () => {
  await setBackend('js');
  const [x, part] = [numbers([3, 5, 2]).mul(0.1), numbers([3, 2, 2], 1).mul(0.1)];
  for (const order of [1, 2] as const)
    await gradcheck((x, part) => setSlice(x!.square(), part!.exp(), 1, 2).square(), [x, part] as Tensor[], {
      order,
    });
});
