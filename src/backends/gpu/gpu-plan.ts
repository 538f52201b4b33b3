import type { Plan } from '../../ir/plan.ts';
import { toShaderProgram } from './code/program.ts';
import type { DeviceBuffer, DevicePlan } from './device/device.ts';
import { FLOATS_PER_VALUE, floatsOf } from './device/encoding.ts';
import { separateChecks } from './passes/checks.ts';
import { PlanDraft } from './passes/plan-draft.ts';
import { type DeviceLimits, splitKernel } from './passes/split-kernels.ts';

/** A plan for a device, and what the plan's outputs mean. */
export interface GpuPlan {
  readonly plan: DevicePlan;
  /** The storages that receive the first of the plan's outputs, in order. */
  readonly outputs: readonly PlanOutput[];
  /** The remaining outputs come in pairs, the flag and the value of a check: the numbers of these checks. */
  readonly checks: readonly number[];
}

/** A result, or the new value of a bound storage, by its number. */
export interface PlanOutput {
  readonly kind: 'result' | 'replacement';
  readonly index: number;
}

/** Translates a compiled plan: separates its checks, splits its kernels for the device and writes their shader programs. */
export function toGpuPlan(plan: Plan, limits: DeviceLimits): GpuPlan {
  const draft = new PlanDraft(plan);
  const { kernels, checks } = separateChecks(draft);
  const deviceKernels = kernels.flatMap((kernel) => splitKernel(kernel, draft, limits));
  const outputs: PlanOutput[] = [];
  const outputBuffers: number[] = [];
  plan.buffers.forEach(({ location, size }, b) => {
    if (size === 0 || location.kind === 'bound' || location.kind === 'arena') return;
    outputs.push({ kind: location.kind, index: location.index });
    outputBuffers.push(b);
  });
  outputBuffers.push(...checks.flatMap(({ failed, value }) => [failed, value]));
  const buffers = draft.buffers.map(({ dtype, size }, b): DeviceBuffer => {
    const location = plan.buffers[b]?.location;
    return { floats: size * floatsOf[dtype], bound: location?.kind === 'bound' ? location.index : null };
  });
  const written = deviceKernels.map((kernel) => toShaderProgram(kernel, draft.buffers));
  const values = FLOATS_PER_VALUE * Math.max(0, ...written.map(({ valueCount }) => valueCount));
  return {
    plan: { buffers, programs: written.map(({ program }) => program), outputs: outputBuffers, values },
    outputs,
    checks: checks.map(({ check }) => check),
  };
}
