import type { Kernel } from '../../ir/kernel.ts';
import type { Plan } from '../../ir/plan.ts';
import { toShaderProgram, type WrittenKernel } from './code/program.ts';
import type { DeviceBuffer, DevicePlan } from './device/device.ts';
import { FLOATS_PER_VALUE, floatsOf, type LoopValue } from './device/encoding.ts';
import { separateChecks } from './passes/checks.ts';
import { type DraftStep, separateIterations } from './passes/loops.ts';
import { PlanDraft } from './passes/plan-draft.ts';
import { type DeviceKernel, type DeviceLimits, splitKernel } from './passes/split-kernels.ts';
import { unroll } from './unroll.ts';

/** A plan for a device, and what the plan's outputs mean. */
export interface GpuPlan {
  readonly plan: DevicePlan;
  /** The storages that receive the first of the plan's outputs, in order. */
  readonly outputs: readonly PlanOutput[];
  /** The remaining outputs come in pairs, the flag and the value of a check: the numbers of these checks. */
  readonly checks: readonly number[];
  /** For each set of values what it has instead of the run's own. */
  readonly loopValues: readonly (readonly LoopValue[])[];
}

/** A result, or the new value of a bound storage, by its number. */
export interface PlanOutput {
  readonly kind: 'result' | 'replacement';
  readonly index: number;
}

/**
 * Translates a compiled plan: separates the iterations of its loops and its checks, splits its kernels for the device, writes
 * their shader programs, and calls them, in each iteration of a loop.
 */
export function toGpuPlan(plan: Plan, limits: DeviceLimits): GpuPlan {
  const draft = new PlanDraft(plan);
  const { steps, checks } = separateChecks(separateIterations(draft), draft);
  const deviceSteps = split(steps, draft, limits);
  const outputs: PlanOutput[] = [];
  const outputBuffers: number[] = [];
  plan.buffers.forEach(({ location, size }, b) => {
    if (size === 0 || location.kind === 'bound' || location.kind === 'arena') return;
    outputs.push({ kind: location.kind, index: location.index });
    outputBuffers.push(b);
  });
  outputBuffers.push(...checks.flatMap(({ failed, value }) => [failed, value]));
  const written = write(deviceSteps, draft);
  const draftBuffers = draft.buffers.map(({ dtype, size }, b): DeviceBuffer => {
    const location = plan.buffers[b]?.location;
    return { floats: size * floatsOf[dtype], bound: location?.kind === 'bound' ? location.index : null };
  });
  const { loopValues, ...unrolled } = unroll(written, draftBuffers, outputBuffers, limits.maxBuffers);
  const values = FLOATS_PER_VALUE * valueCount(written);
  return {
    plan: { ...unrolled, values, valueSets: loopValues.length },
    outputs,
    checks: checks.map(({ check }) => check),
    loopValues,
  };
}

const split = (
  steps: readonly DraftStep<Kernel>[],
  draft: PlanDraft,
  limits: DeviceLimits,
): DraftStep<DeviceKernel>[] =>
  steps.flatMap((step): readonly DraftStep<DeviceKernel>[] => {
    if (step.kind === 'kernel') return splitKernel(step, draft, limits);
    return [step.kind === 'loop' ? { ...step, steps: split(step.steps, draft, limits) } : step];
  });

const write = (steps: readonly DraftStep<DeviceKernel>[], draft: PlanDraft): DraftStep<WrittenKernel>[] =>
  steps.map((step) => {
    if (step.kind === 'kernel') return toShaderProgram(step, draft.buffers);
    return step.kind === 'loop' ? { ...step, steps: write(step.steps, draft) } : step;
  });

const valueCount = (steps: readonly DraftStep<WrittenKernel>[]): number =>
  Math.max(
    0,
    ...steps.map((step) => {
      if (step.kind === 'loop') return valueCount(step.steps);
      return step.kind === 'program' ? step.valueCount : 0;
    }),
  );
