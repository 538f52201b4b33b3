import type { Plan } from '../../ir/plan.ts';
import { programOf } from './code/program.ts';
import type { DeviceBuffer, DevicePlan } from './device/device.ts';
import { FLOATS_PER_VALUE, floatsOf } from './device/format.ts';
import { separateChecks } from './passes/checks.ts';
import { Draft } from './passes/draft.ts';
import { type Capacity, type Job, jobsOf, renameReads } from './passes/jobs.ts';

/** A plan for a device, and what the memories mean that a run hands over. */
export interface Programs {
  readonly plan: DevicePlan;
  /** For the first of the plan's `kept`, in order: whose values they are. */
  readonly kept: readonly Kept[];
  /** For the rest of them, two and two: the check whose flag and value they are. */
  readonly checks: readonly number[];
}

/** The number of a result, or of a bound storage that is overwritten. */
export interface Kept {
  readonly kind: 'result' | 'bound';
  readonly index: number;
}

/** From a plan of the compiler's to programs: checks apart, kernels to jobs, jobs to programs. */
export function toPrograms(plan: Plan, capacity: Capacity): Programs {
  const draft = new Draft(plan);
  const { kernels, verdicts } = separateChecks(draft);
  const { jobs, versions } = withVersions(
    kernels.map((kernel) => jobsOf(kernel, draft, capacity)),
    draft,
  );
  const kept: Kept[] = [];
  const keptBuffers: number[] = [];
  const keep = (what: Kept, buffer: number): void => {
    kept.push(what);
    keptBuffers.push(buffer);
  };
  plan.buffers.forEach(({ location, size }, b) => {
    const made = versions.get(b);
    if (size === 0) return;
    if (location.kind === 'result') keep({ kind: 'result', index: location.index }, b);
    if (location.kind === 'bound' && made !== undefined) keep({ kind: 'bound', index: location.index }, made);
  });
  keptBuffers.push(...verdicts.flatMap(({ failed, value }) => [failed, value]));
  const checks = verdicts.map(({ check }) => check);
  const buffers = draft.buffers.map(({ dtype, size }, b): DeviceBuffer => {
    const place = plan.buffers[b]?.location;
    return { floats: size * floatsOf[dtype], bound: place?.kind === 'bound' ? place.index : null };
  });
  const made = jobs.map((job) => programOf(job, draft.buffers));
  const values = FLOATS_PER_VALUE * Math.max(0, ...made.map(({ slots }) => slots));
  return {
    plan: { buffers, programs: made.map(({ program }) => program), kept: keptBuffers, values },
    kept,
    checks,
  };
}

/**
 * A program writes what no program has read or written before, so what overwrites a bound storage gets a buffer of its own: the new
 * values' version of it, which is what the jobs of later kernels read. Those of one kernel all read the old values.
 */
function withVersions(
  kernels: readonly Job[][],
  draft: Draft,
): { jobs: Job[]; versions: Map<number, number> } {
  const versions = new Map<number, number>();
  const latest = (buffer: number): number => versions.get(buffer) ?? buffer;
  const jobs = kernels.flatMap((group) => {
    const reading = group.map((job) => renameReads(job, latest));
    for (const { buffer } of group.flatMap(({ stores }) => stores)) {
      if (draft.plan.buffers[buffer]?.location.kind !== 'bound') continue;
      versions.set(buffer, draft.buffers.push(draft.buffers[buffer]!) - 1);
    }
    return reading.map((job) => ({
      ...job,
      stores: job.stores.map((store) => ({ ...store, buffer: latest(store.buffer) })),
    }));
  });
  return { jobs, versions };
}
