import type { Plan } from '../../ir/plan.ts';
import { toShaderProgram } from './code/program.ts';
import type { DeviceBuffer, DevicePlan } from './device/device.ts';
import { FLOATS_PER_VALUE, floatsOf } from './device/encoding.ts';
import { separateChecks } from './passes/checks.ts';
import { PlanDraft } from './passes/plan-draft.ts';
import { type DeviceKernel, type DeviceLimits, renameReads, splitKernel } from './passes/split-kernels.ts';

/** A plan for a device, and what the plan's outputs mean. */
export interface GpuPlan {
  readonly plan: DevicePlan;
  /** The storages that receive the first of the plan's outputs, in order. */
  readonly outputs: readonly PlanOutput[];
  /** The remaining outputs come in pairs, the flag and the value of a check: the numbers of these checks. */
  readonly checks: readonly number[];
}

/** A result, or a bound storage that the plan overwrites, by its number. */
export interface PlanOutput {
  readonly kind: 'result' | 'bound';
  readonly index: number;
}

/** Translates a compiled plan: separates its checks, splits its kernels for the device and writes their shader programs. */
export function toGpuPlan(plan: Plan, limits: DeviceLimits): GpuPlan {
  const draft = new PlanDraft(plan);
  const { kernels, checks } = separateChecks(draft);
  const { deviceKernels, versions } = withVersions(
    kernels.map((kernel) => splitKernel(kernel, draft, limits)),
    draft,
  );
  const outputs: PlanOutput[] = [];
  const outputBuffers: number[] = [];
  const addOutput = (output: PlanOutput, buffer: number): void => {
    outputs.push(output);
    outputBuffers.push(buffer);
  };
  plan.buffers.forEach(({ location, size }, b) => {
    const version = versions.get(b);
    if (size === 0) return;
    if (location.kind === 'result') addOutput({ kind: 'result', index: location.index }, b);
    if (location.kind === 'bound' && version !== undefined)
      addOutput({ kind: 'bound', index: location.index }, version);
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

/**
 * A program may not write a buffer that was read or written before. So each kernel that overwrites a bound storage gets a new
 * buffer for the new values, a version, and later kernels read that one. All device kernels of one kernel read the old values.
 */
function withVersions(
  kernels: readonly DeviceKernel[][],
  draft: PlanDraft,
): { deviceKernels: DeviceKernel[]; versions: Map<number, number> } {
  const versions = new Map<number, number>();
  const latest = (buffer: number): number => versions.get(buffer) ?? buffer;
  const deviceKernels = kernels.flatMap((group) => {
    const reading = group.map((kernel) => renameReads(kernel, latest));
    for (const { buffer } of group.flatMap(({ stores }) => stores)) {
      if (draft.plan.buffers[buffer]?.location.kind !== 'bound') continue;
      versions.set(buffer, draft.buffers.push(draft.buffers[buffer]!) - 1);
    }
    return reading.map((kernel) => ({
      ...kernel,
      stores: kernel.stores.map((store) => ({ ...store, buffer: latest(store.buffer) })),
    }));
  });
  return { deviceKernels, versions };
}
