import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type GpuPlan, toGpuPlan } from '../../../../src/backends/gpu/gpu-plan.ts';
import type { DeviceLimits } from '../../../../src/backends/gpu/passes/split-kernels.ts';
import {
  Generator,
  gradients,
  matmul,
  Parameter,
  scan,
  scatterAdd,
  tensor,
  zeros,
} from '../../../../src/index.ts';
import type { Plan } from '../../../../src/ir/plan.ts';
import type { Tensor } from '../../../../src/tensor/tensor.ts';
import { compilePlan } from '../../../compiler/plans.ts';
import { randomStep } from '../../../tensor/graphs.ts';
import { runs } from '../../../tooling/effort.ts';

const choices = fc.array(fc.nat({ max: 0x7fffffff }), { minLength: 20, maxLength: 200, size: 'max' });
const deviceLimits = fc.record({
  maxBuffers: fc.integer({ min: 4, max: 16 }),
  maxStores: fc.integer({ min: 1, max: 4 }),
  maxFloats: fc.constantFrom(100, 1e9),
  tiles: fc.boolean(),
});

/** Checks the properties that every device requires. Describes the first violation; null if there is none. */
function wrong(
  { plan, outputs: planOutputs, checks }: GpuPlan,
  from: Plan,
  { maxBuffers, maxStores }: DeviceLimits,
): string | null {
  const known = new Set(plan.buffers.flatMap(({ bound }, b) => (bound === null ? [] : [b])));
  for (const { program, inputs, outputs, valueSet } of plan.calls) {
    const { name, reads, writes, floats, usesValues, workgroups } = program;
    if (reads !== inputs.length || writes !== outputs.length)
      return `${name} is called with other numbers of arrays`;
    if (valueSet >= plan.valueSets) return `${name} reads the set ${valueSet} of values`;
    if (new Set(inputs).size !== inputs.length) return `${name} reads a buffer by two numbers`;
    if (inputs.length > maxBuffers) return `${name} reads ${inputs.length} buffers`;
    if (outputs.length > maxStores || outputs.length === 0) return `${name} writes ${outputs.length} buffers`;
    const unknown = inputs.find((b) => !known.has(b));
    if (unknown !== undefined) return `${name} reads ${unknown}, which is not written`;
    for (const b of outputs) {
      if (known.has(b)) return `${name} writes ${b}, which is already written or bound`;
      if (plan.buffers[b]!.floats !== floats) return `${name} writes ${floats} numbers to ${b}`;
      if (floats === 0) return `${name} writes nothing`;
      known.add(b);
    }
    if (usesValues && plan.values === 0) return `${name} uses values, but there are none`;
    if (workgroups?.some((count) => count < 1 || count > 65535))
      return `${name} has ${workgroups} workgroups`;
  }
  const missing = plan.outputs.find((b) => !known.has(b));
  if (missing !== undefined) return `no program writes ${missing}`;
  if (planOutputs.length + 2 * checks.length !== plan.outputs.length) return 'the numbers of outputs differ';
  const results = from.buffers.filter(({ location, size }) => location.kind === 'result' && size > 0).length;
  if (planOutputs.filter(({ kind }) => kind === 'result').length !== results) return 'a result is lost';
  return null;
}

test('programs of random steps are valid for any device limits', () => {
  const property = fc.property(choices, deviceLimits, (list, device) => {
    const { outputs, assignments } = randomStep(list);
    const limits = {
      maxInputs: Math.max(2, device.maxBuffers - 2),
      maxNodes: 100,
      maxStores: device.maxStores,
    };
    const { plan } = compilePlan(
      outputs.map((t) => t.node),
      { limits, assignments: assignments.map(([p, t]) => [p.node, t.node] as const) },
    );
    expect(wrong(toGpuPlan(plan, device), plan, device)).toBeNull();
  });
  fc.assert(property, { numRuns: runs(80) });
});

const wide: DeviceLimits = { maxBuffers: 8, maxStores: 4, maxFloats: 1e9, tiles: true };

function programs(t: Tensor, device = wide): GpuPlan {
  const { plan } = compilePlan([t.node], {
    limits: { maxInputs: 6, maxNodes: 100, maxStores: 4, arena: false },
  });
  return toGpuPlan(plan, device);
}

test('a long sum is computed in stages', () => {
  const counts = programs(zeros([3_000_000]).add(1).sum()).plan.calls.map(({ program }) => program.floats);
  expect(counts.length).toBeGreaterThan(2);
  expect(counts[0]).toBeGreaterThan(10_000);
  expect(counts.at(-1)).toBe(1);
  // A short one is not.
  expect(programs(new Generator(1).normal([50, 100]).sum(1)).plan.calls.length).toBe(1);
});

test('large contractions are tiled with workgroup memory, and divide k where they have few tiles', () => {
  const g = new Generator(1);
  const product = (m: number, k: number, n: number, device: DeviceLimits) =>
    programs(
      matmul(
        tensor(g.normal([m, k]).dataSync(), { shape: [m, k] }),
        tensor(g.normal([k, n]).dataSync(), { shape: [k, n] }),
      ),
      device,
    ).plan.calls.map(({ program }) => program);
  expect(product(2048, 64, 2048, wide).map((p) => p.workgroups)).toEqual([[32, 32, 1]]);
  expect(product(2048, 64, 2048, { ...wide, tiles: false }).map((p) => p.workgroups)).toEqual([null]);
  expect(product(64, 4096, 64, wide).map((p) => p.workgroups)).toEqual([[1, 1, 8], null]);
  // Four neighboring elements per thread if the rows allow it.
  expect(product(8, 64, 8, wide).map((p) => p.vec4)).toEqual([true]);
  expect(product(8, 64, 7, wide).map((p) => p.vec4)).toEqual([false]);
});

test('a scatter finds its updates through lists, which reductions compute', () => {
  const x = zeros([10, 4]);
  const updates = new Generator(1).normal([6, 4]);
  const t = scatterAdd(x, tensor([1, 1, 9, 0, 1, 9], { dtype: 'int32' }), updates, 0);
  const names = programs(t).plan.calls.map(({ program: { floats, name } }) => `${name} ${floats}`);
  expect(names.filter((name) => name.includes('check')).length).toBe(2);
  expect(names.length).toBe(6);
});

test('programs of one kernel read the old values of what it overwrites, those of later kernels the new ones', () => {
  const g = new Generator(1);
  const p = new Parameter(g.normal([5]));
  const q = new Parameter(g.normal([5]));
  const fresh = p.exp().add(q);
  const assignments = [
    [p.node, fresh.node],
    [q.node, q.sub(fresh).node],
  ] as const;
  // One kernel overwrites both, each from the old values of both.
  const { plan } = compilePlan([], { assignments });
  expect(plan.steps.length).toBe(1);
  const apart = toGpuPlan(plan, { maxBuffers: 8, maxStores: 1, maxFloats: 1e9, tiles: false }).plan;
  const reads = apart.calls.map(({ inputs }) => inputs.map((b) => apart.buffers[b]!.bound).sort());
  expect(reads).toEqual([
    [0, 1],
    [0, 1],
  ]);

  // A kernel reads what another one has overwritten.
  const { plan: chain } = compilePlan([], {
    assignments,
    limits: { maxInputs: 6, maxNodes: 100, maxStores: 1, arena: false },
  });
  const { calls: all } = toGpuPlan(chain, {
    maxBuffers: 8,
    maxStores: 1,
    maxFloats: 1e9,
    tiles: false,
  }).plan;
  expect(all.length).toBe(2);
  expect(all[1]!.inputs).toContain(all[0]!.outputs[0]);
});

test('all iterations of a loop call the same programs', () => {
  const g = new Generator(1);
  const [w, h] = [g.normal([4, 4]).detach(), zeros([2, 4])];
  const plan = (count: number) => {
    const x = zeros([count, 2, 4]);
    const [[last], [y]] = scan(([c], [e]) => [[c!.matmul(w).add(e!).tanh()], [c!.mul(2)]], [h], [x]);
    const all = [last!, y!, ...gradients(last!.sum().add(y!.square().sum()), [x, w])];
    const compiled = compilePlan(all.map((t) => t.node)).plan;
    const limits = { maxBuffers: 8, maxStores: 4, maxFloats: 1e9, tiles: false };
    const made = toGpuPlan(compiled, limits);
    expect(wrong(made, compiled, limits)).toBeNull();
    const programs = new Set(made.plan.calls.map(({ program }) => program));
    return { calls: made.plan.calls.length, programs: programs.size };
  };
  const [short, long] = [plan(9), plan(70)];
  expect(long.calls).toBeGreaterThan(6 * short.calls);
  // Some more join the arrays of the iterations.
  expect(long.programs).toBeLessThan(short.programs + 10);
});
