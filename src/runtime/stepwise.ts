import type { Backend, Executable, Failure } from '../ir/backend.ts';
import { buffersRead, buffersWritten, mapBuffers } from '../ir/buffer-use.ts';
import type { Plan, PlanBuffer, PlanStep } from '../ir/plan.ts';
import { Storage } from '../ir/storage.ts';

/** Steps of a plan that are run together, as a plan of their own. */
interface Group {
  readonly steps: readonly PlanStep[];
  readonly executable: Executable;
  /** The buffers of the whole plan that are its bound storages and its results. */
  readonly bound: readonly number[];
  readonly results: readonly number[];
  /** The intermediates that no later group uses. */
  readonly last: readonly number[];
}

/**
 * Compiles a plan for a synchronous backend so that each of its steps is run by itself, with the same bits. Intermediates
 * are storages instead of parts of the arena.
 *
 * @param around runs a group of steps: it is called with their number, from 0, and calls the function once.
 */
export function compileStepwise(
  plan: Plan,
  backend: Backend,
  around: (group: number, run: () => Failure | null) => Failure | null,
): Executable & { readonly groups: readonly (readonly PlanStep[])[] } {
  const used = new Set<number>();
  const groups = groupsOf(plan.steps)
    .reverse()
    .map((steps) => compileGroup(steps, plan, backend, used))
    .reverse();
  return {
    groups: groups.map(({ steps }) => steps),
    run({ values, bound, results }) {
      const own: Storage[] = [];
      const storages = plan.buffers.map(({ dtype, size, location }) => {
        if (location.kind === 'bound') return bound[location.index]!;
        if (location.kind === 'result') return results[location.index]!;
        const storage = Storage.forResult(dtype, size);
        own.push(storage);
        return storage;
      });
      const all = (buffers: readonly number[]): Storage[] => buffers.map((b) => storages[b]!);
      let failure: Failure | null = null;
      try {
        for (const [number, group] of groups.entries()) {
          const bindings = { values, bound: all(group.bound), results: all(group.results) };
          const found = around(number, () => group.executable.run(bindings) as Failure | null);
          if (found !== null) failure = lowest(failure, inPlan(found, group, plan));
          for (const b of group.last) storages[b]!.deviceCopy?.drop();
        }
        if (failure !== null) return failure;
        plan.buffers.forEach(({ location }, b) => {
          if (location.kind === 'replacement') bound[location.index]!.overwrite().set(storages[b]!.array);
        });
        return null;
      } finally {
        for (const { deviceCopy } of own) deviceCopy?.drop();
      }
    },
    release() {
      for (const { executable } of groups) executable.release();
    },
  };
}

/** The check that values are finite gives the number of a bound storage: that of the whole plan. */
function inPlan(failure: Failure, { bound }: Group, { buffers, finiteCheck }: Plan): Failure {
  if (failure.check !== finiteCheck) return failure;
  const { location } = buffers[bound[failure.value]!]!;
  return { ...failure, value: (location as { readonly index: number }).index };
}

const lowest = (a: Failure | null, b: Failure): Failure =>
  a === null || b.check < a.check || (b.check === a.check && b.value < a.value) ? b : a;

/** Steps that write parts of the same buffer stay together, with those between them. */
function groupsOf(steps: readonly PlanStep[]): PlanStep[][] {
  const lastWriter = new Map<number, number>();
  steps.forEach((step, i) => {
    for (const buffer of buffersWritten(step)) lastWriter.set(buffer, i);
  });
  const groups: PlanStep[][] = [];
  let end = -1;
  steps.forEach((step, i) => {
    if (i > end) groups.push([]);
    groups.at(-1)!.push(step);
    for (const buffer of buffersWritten(step)) end = Math.max(end, lastWriter.get(buffer)!);
    end = Math.max(end, i);
  });
  return groups;
}

/** @param later the buffers that later groups use; gets those of this one. */
function compileGroup(steps: readonly PlanStep[], plan: Plan, backend: Backend, later: Set<number>): Group {
  const written = new Set(steps.flatMap(buffersWritten));
  const used = [...new Set([...written, ...steps.flatMap(buffersRead)])];
  const bound: number[] = [];
  const results: number[] = [];
  const buffers = used.map((b): PlanBuffer => {
    const buffer = plan.buffers[b]!;
    const { kind } = buffer.location;
    // The old value of a Parameter stays until all steps have run: the storage of the new one is replaced instead.
    if (written.has(b) && kind === 'replacement')
      return { ...buffer, location: { kind, index: bound.push(b) - 1 } };
    if (written.has(b) && kind !== 'bound')
      return { ...buffer, location: { kind: 'result', index: results.push(b) - 1 } };
    return { ...buffer, location: { kind: 'bound', index: bound.push(b) - 1 } };
  });
  const numbers = new Map(used.map((b, i) => [b, i]));
  const own = steps.map((step) => mapBuffers(step, (use) => ({ ...use, buffer: numbers.get(use.buffer)! })));
  const executable = backend.compile({ ...plan, buffers, steps: own, arenaBytes: 0 });
  const last = used.filter((b) => plan.buffers[b]!.location.kind === 'arena' && !later.has(b));
  for (const b of used) later.add(b);
  return { steps, executable, bound, results, last };
}
