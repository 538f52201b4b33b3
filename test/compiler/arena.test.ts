import fc from 'fast-check';
import { expect, test } from 'vitest';
import { explainPlan } from '../../src/compiler/explain.ts';
import { Generator, gradients, LSTM, scan, type Tensor, zeros } from '../../src/index.ts';
import { mapBuffers } from '../../src/ir/buffer-use.ts';
import { dtypes } from '../../src/ir/dtype.ts';
import type { GatherAxis, Kernel } from '../../src/ir/kernel.ts';
import type { Plan, PlanStep } from '../../src/ir/plan.ts';
import { evaluateOffset, sizeOf } from '../../src/ir/view.ts';
import { randomStep, type Step } from '../tensor/loops.ts';
import { runs } from '../tooling/effort.ts';
import { compilePlan } from './plans.ts';

/**
 * Follows a plan element by element, in the arena and in buffers with memory of their own. Returns what a kernel would read
 * that something else has overwritten; empty if the arena is right.
 */
function overwritten({ steps, buffers }: Plan, given: readonly number[]): string[] {
  const problems: string[] = [];
  const values = [...given];
  const arena = new Map<number, number>();
  const own = buffers.map(() => new Map<number, number>());
  let stamp = 0;
  const addressOf = (b: number, element: number): number | null => {
    const { dtype, location } = buffers[b]!;
    return location.kind === 'arena' ? location.byteOffset + element * dtypes[dtype].bytes : null;
  };
  const runKernel = (kernel: Kernel): void => {
    const written = new Map<number, readonly [buffer: number, element: number]>();
    const read = new Map<number, readonly [buffer: number, element: number]>();
    mapBuffers(kernel, (use) => {
      const b = use.buffer;
      for (const element of elementsOf(kernel, use, values)) {
        const address = addressOf(b, element);
        if (address === null) continue;
        if (!('view' in use)) {
          if (written.has(address)) problems.push(`${kernel.name} writes address ${address} twice`);
          written.set(address, [b, element]);
          continue;
        }
        read.set(address, [b, element]);
        const wanted = own[b]!.get(element);
        if (wanted === undefined && !('gather' in use && (use.gather as readonly unknown[]).length > 0))
          problems.push(`${kernel.name} reads b${b}[${element}] before it is written`);
        if (wanted !== undefined && arena.get(address) !== wanted)
          problems.push(`${kernel.name} reads b${b}[${element}] after something else took its place`);
      }
      return use;
    });
    for (const [address, [b, element]] of written) {
      if (read.has(address))
        problems.push(`${kernel.name} writes b${b}[${element}], which lies over what it reads`);
      stamp++;
      arena.set(address, stamp);
      own[b]!.set(element, stamp);
    }
  };
  const run = (step: PlanStep): void => {
    for (let t = 0; step.kind === 'loop' && t < step.count; t++) {
      values[step.slot] = t;
      values[step.slot + 1] = t % 2;
      step.steps.forEach(run);
    }
    if (step.kind === 'kernel') runKernel(step);
  };
  steps.forEach(run);
  return problems;
}

function elementsOf(
  kernel: Kernel,
  use: Parameters<Parameters<typeof mapBuffers>[1]>[0],
  values: readonly number[],
): number[] {
  const isRead = 'view' in use;
  const offset = isRead ? use.view.offset : use.offset;
  let elements = [offset === undefined ? 0 : evaluateOffset(offset, values)];
  const gather = 'gather' in use ? (use.gather as readonly GatherAxis[]) : [];
  const axes = isRead
    ? [...use.view.shape.map((size, k) => ({ size, stride: use.view.stride[k]! })), ...gather]
    : [{ size: sizeOf(kernel.shape), stride: 1 }];
  for (const { size, stride } of axes) {
    if (stride === 0 && size > 0) continue;
    elements = elements.flatMap((at) => Array.from({ length: size }, (_, i) => at + i * stride));
  }
  return elements;
}

const sumOf = (tensors: readonly Tensor[]): Tensor =>
  tensors.map((t, i) => t.mul(i + 1).sum()).reduce((a, b) => a.add(b));

test('nothing in the arena is overwritten that is still read', () => {
  const property = fc.property(
    fc.array(fc.nat({ max: 0x7fffffff }), { minLength: 20, maxLength: 60, size: 'max' }),
    fc.record({
      count: fc.integer({ min: 1, max: 4 }),
      batch: fc.integer({ min: 1, max: 3 }),
      // With 128 the values of an iteration are enough to be interleaved.
      width: fc.constantFrom(5, 128, 130),
      carries: fc.integer({ min: 1, max: 3 }),
      sequences: fc.integer({ min: 0, max: 2 }),
      reverse: fc.boolean(),
      checkpoint: fc.boolean(),
      inner: fc.boolean(),
    }),
    (choices, { count, batch, width, carries, sequences, reverse, checkpoint, inner }) => {
      const rng = new Generator(choices[0]!);
      const normal = (...shape: number[]): Tensor => rng.normal(shape).detach();
      const initial = Array.from({ length: carries }, () => normal(batch, width));
      const given = Array.from({ length: sequences }, () => normal(count, batch, width));
      const weights = [normal(width, width), normal(width, width)];
      const bias = normal(width);
      const once = randomStep(choices, carries, { weights, bias });
      const twice: Step = (given, elements) => {
        const [last, outputs] = scan((state) => once(state, elements), given, [], { length: 2 });
        return [last, outputs.map((x) => x.sum(0))];
      };
      const options = { reverse, length: count, checkpoint };
      const values = scan(inner ? twice : once, initial, given, options).flat();
      const first = gradients(sumOf(values.map((x) => x.square())), [...initial, ...given, ...weights, bias]);
      const second = gradients(sumOf(first.map((x) => x.square())), [...initial, bias]);
      for (const fusion of [true, false]) {
        const all = inner ? [...values, ...first] : [...values, ...first, ...second];
        const { plan, values: slots } = compilePlan(
          all.map((t) => t.node),
          { fusion },
        );
        const problems = overwritten(plan, slots);
        if (problems.length > 0) expect.fail([...problems.slice(0, 5), explainPlan(plan)].join('\n'));
      }
    },
  );
  fc.assert(property, { numRuns: runs(12) });
});

/** Bytes of an LSTM's training step, from `inputs` to `width` features, that are not in its arguments or results. */
function arenaOf(steps: number): number {
  const lstm = new LSTM(16, 32, { returnSequences: true, rng: new Generator(1) });
  const loss = (lstm.call(zeros([8, steps, 16])) as Tensor).square().sum();
  const all = [loss, ...gradients(loss, lstm.parameters())];
  return compilePlan(all.map((t) => t.node)).plan.arenaBytes;
}

test('a step of an LSTM keeps seven stacks: four gates, the cell, its tanh and the output', () => {
  const slot = 8 * 32 * 4;
  const perStep = (arenaOf(400) - arenaOf(200)) / 200;
  // The product of all inputs and the gradient of the gates take the places of the gates.
  expect(perStep).toBe(7 * slot);
  expect(arenaOf(200)).toBeLessThan(207 * 7 * slot);
});
