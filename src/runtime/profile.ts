import { explainPlan } from '../compiler/explain.ts';
import { checkCount, refusal } from '../ir/arguments.ts';
import type { Backend } from '../ir/backend.ts';
import { StateError } from '../ir/errors.ts';
import type { Plan } from '../ir/plan.ts';
import { now } from '../util/timers.ts';
import { runtime } from './runtime.ts';
import { compileStepwise } from './stepwise.ts';

/** The times of a kernel, or of kernels that are run together. */
export interface KernelTimes {
  /** The operations that it computes, as `explain` prints them. */
  readonly name: string;
  /** The shape over which it loops. */
  readonly shape: readonly number[];
  /** The milliseconds of each run, in order. Those of the first runs contain the compiler's work. */
  readonly milliseconds: readonly number[];
}

/** A plan that was run while `profile` measured. */
export interface PlanProfile {
  /** The plan, as `explain` prints it. */
  readonly plan: string;
  /** Its kernels in order. A loop of a recurrent layer is one of them. */
  readonly kernels: readonly KernelTimes[];
}

/**
 * Measures how long each kernel takes in everything that is computed until a promise is fulfilled: in some training steps, also
 * in those of a `fit` that is running. Results have the same bits. Each kernel is run as a plan of its own, so runs take
 * longer in total, and a time contains about 10 microseconds for that. Plans are compiled again, before and after.
 *
 * @param work computes something, or waits until enough is computed elsewhere.
 * @returns the plans in the order of their first runs.
 * @throws StateError on an asynchronous backend, and while another call measures.
 */
export async function profile(work: () => Promise<unknown>): Promise<PlanProfile[]> {
  checkCount('profile', arguments.length, 1);
  if (typeof work !== 'function') throw refusal('profile', 'work', work, 'a function that returns a promise');
  await runtime.load();
  const { backend, cpu } = runtime.ready;
  if (backend.settle !== undefined)
    throw new StateError(
      `[profile] backend '${backend.name}' is asynchronous. Use \`await setBackend('wasm')\`.`,
    );
  if (backend instanceof ProfilingBackend)
    throw new StateError('[profile] another call of profile is measuring. Wait for its end.');
  const profiling = new ProfilingBackend(backend);
  await runtime.switchTo(profiling, profiling);
  try {
    await work();
  } finally {
    if (runtime.ready.backend === profiling) await runtime.switchTo(backend, cpu);
  }
  return profiling.profiles.filter(({ kernels }) =>
    kernels.some(({ milliseconds }) => milliseconds.length > 0),
  );
}

/** A backend that runs and measures the steps of plans one by one. */
class ProfilingBackend implements Backend {
  readonly profiles: PlanProfile[] = [];
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  get name() {
    return this.#backend.name;
  }

  get threads() {
    return this.#backend.threads;
  }

  get reason() {
    return this.#backend.reason;
  }

  get memory() {
    return this.#backend.memory;
  }

  get limits() {
    return this.#backend.limits;
  }

  wantsYield() {
    return this.#backend.wantsYield();
  }

  read(...[storage]: Parameters<Backend['read']>) {
    return this.#backend.read(storage);
  }

  compile(plan: Plan) {
    const times: number[][] = [];
    const executable = compileStepwise(plan, this.#backend, (group, run) => {
      const start = now();
      const failure = run();
      times[group]!.push(now() - start);
      return failure;
    });
    const kernels = executable.groups.map((steps, group): KernelTimes => {
      times[group] = [];
      const [first] = steps;
      return {
        name: steps.map(({ name }) => name).join(', '),
        shape: first!.kind === 'loop' ? [first!.count] : first!.shape,
        milliseconds: times[group],
      };
    });
    this.profiles.push({ plan: explainPlan(plan), kernels });
    return executable;
  }
}
