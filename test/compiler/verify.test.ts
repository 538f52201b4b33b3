import { expect, test } from 'vitest';
import { jsBackend } from '../../src/backends/js/index.ts';
import { Generator, Parameter } from '../../src/index.ts';
import type { Kernel } from '../../src/ir/kernel.ts';
import type { Plan, PlanBuffer } from '../../src/ir/plan.ts';
import { compilePlan, kernelsOf } from './plans.ts';
import { type Expectations, problemsOf } from './verify.ts';

// The verifier finds deliberately inserted faults.

const random = new Generator(3);
const x = random.normal([4, 3]).detach();
const w = new Parameter(random.normal([3, 2]), { name: 'w' });
const hidden = x.matmul(w).sub(1).tanh();
const loss = hidden.sum(1).exp().softmax().sum();
const step = compilePlan([loss.node, hidden.node], {
  assignments: [[w.node, w.sub(x.transpose().matmul(hidden).mul(0.1)).node]],
});
const expected: Expectations = { limits: jsBackend.limits, results: 2, values: step.values };
const { plan } = step;
const kernels = kernelsOf(plan);

const withKernels = (steps: readonly Kernel[]): Plan => ({ ...plan, steps });
const withKernel = (k: number, change: (kernel: Kernel) => Partial<Kernel>): Plan =>
  withKernels(kernels.map((kernel, i) => (i === k ? { ...kernel, ...change(kernel) } : kernel)));
const withBuffers = (change: (b: PlanBuffer) => Partial<PlanBuffer>): Plan => ({
  ...plan,
  buffers: plan.buffers.map((b) => ({ ...b, ...change(b) })),
});
const last = plan.steps.length - 1;
const mapAt = kernels.findIndex((kernel) => kernel.inputs.some((a) => a.buffer !== null));

test('the whole plan is sound', () => {
  expect(problemsOf(plan, expected)).toEqual([]);
});

const broken: [string, RegExp, Plan, Expectations?][] = [
  ['kernels in reverse order', /before it is written/, withKernels([...kernels].reverse())],
  ['a kernel left out', /before it is written/, withKernels(kernels.slice(1))],
  [
    'an update in place',
    /writes bound/,
    withBuffers(({ location }) =>
      location.kind === 'replacement' ? { location: { ...location, kind: 'bound' } } : {},
    ),
  ],
  ['two updates', /a second time/, withKernels([...kernels, kernels[last]!])],
  [
    'buffers on top of each other',
    /lies over|took its place/,
    withBuffers((b) => (b.location.kind === 'arena' ? { location: { kind: 'arena', byteOffset: 0 } } : {})),
  ],
  [
    'an offset in between',
    /not aligned/,
    withBuffers((b) =>
      b.location.kind === 'arena'
        ? { location: { kind: 'arena', byteOffset: b.location.byteOffset + 4 } }
        : {},
    ),
  ],
  ['an arena that is too small', /leaves the arena/, { ...plan, arenaBytes: 8 }],
  ['a result too few', /result 2 is not written/, plan, { ...expected, results: 3 }],
  ['a buffer of another size', /elements to b/, withBuffers((b) => ({ size: b.size + 1 }))],
  ['a buffer of another type', /loads f32 from i32/, withBuffers(() => ({ dtype: 'int32' }))],
  [
    'too many inputs',
    /inputs, 0 are allowed/,
    plan,
    { ...expected, limits: { ...jsBackend.limits, maxInputs: 0 } },
  ],
  [
    'too many nodes',
    /nodes, 1 are allowed/,
    plan,
    { ...expected, limits: { ...jsBackend.limits, maxNodes: 1 } },
  ],
  [
    'too many stores',
    /stores, 0 are allowed/,
    plan,
    { ...expected, limits: { ...jsBackend.limits, maxStores: 0 } },
  ],
  [
    'a view that leaves its buffer',
    /reads .* of b/,
    withKernel(mapAt, ({ inputs }) => ({
      inputs: inputs.map((a) => ({ ...a, view: { ...a.view, offset: { base: 1000, terms: [] } } })),
    })),
  ],
  [
    'a view over another shape',
    /but reads over/,
    withKernel(mapAt, ({ inputs }) => ({
      inputs: inputs.map((a) => ({ ...a, view: { ...a.view, shape: [99] } })),
    })),
  ],
  [
    'a kernel that reads what it writes',
    /reads and writes/,
    withKernel(last, ({ inputs, stores }) => ({
      inputs: [...inputs, { ...inputs[0]!, buffer: stores[0]!.buffer }],
    })),
  ],
];

test.each(broken)('%s', (_, problem, changed, expectations = expected) => {
  expect(problemsOf(changed, expectations).join('\n')).toMatch(problem);
});
