import type { Plan } from './plan.ts';
import type { Storage } from './storage.ts';

/**
 * The arguments of a run: the plan's values (uniforms and offsets), its bound storages, and storages for its results.
 */
export interface Bindings {
  readonly values: readonly number[];
  readonly bound: readonly Storage[];
  readonly results: readonly Storage[];
}

/**
 * The failed check with the lowest number, and the smallest value that failed it.
 */
export interface Failure {
  readonly check: number;
  readonly value: number;
}

export interface Executable {
  /**
   * Runs the plan once and returns null, or the failure of a check. A failure leaves every bound storage unchanged, except for
   * parts that steps write.
   *
   * An asynchronous backend (one with `settle`) returns a promise. Runs and reads take effect in the order of the calls.
   * When the call returns, the arrays of the bound storages without a device copy have been read, and the results and the
   * storages that the plan overwrites have device copies that are `stale`. Small results should be read back together with
   * the outcome of the checks, so that `loss.item()` works after an awaited step. The promise rejects if the device fails.
   * After a failure of either kind the device copies of the results throw `neverComputed()`, and so does every run and read
   * that needs them, submitted before or later: its promise rejects, and it overwrites nothing.
   */
  run(bindings: Bindings): Failure | null | Promise<Failure | null>;
  /**
   * Frees what the backend holds for the plan, which is not run again. Submitted runs finish first.
   */
  release(): void;
}

/** How much the compiler may fuse into one kernel, and how it may use memory. */
export interface Limits {
  readonly maxInputs: number;
  readonly maxNodes: number;
  readonly maxStores: number;
  /** False if each buffer has memory of its own, and what loops stack is to stay contiguous. */
  readonly arena?: false;
}

/** Runs plans. Users pass it to `setBackend`; everything but its description is internal. */
export interface Backend {
  readonly name: string;
  /** The maximum number of threads in a run, and why there are not more. */
  readonly threads: number;
  readonly reason: string;
  /** Bytes of the backend's memory, and bytes in use. */
  readonly memory: { readonly bytes: number; readonly used: number };
  /** @internal */
  readonly limits: Limits;
  /** @internal Whether yielding to the event loop would help: workers are starting, or finalizers should run. */
  wantsYield(): boolean;
  /** @internal */
  compile(plan: Plan): Executable;
  /**
   * @internal The storage's values in JavaScript's memory, valid until the storage is written next. If they had to be
   * awaited, the array is up to date from then on.
   */
  read(storage: Storage): Storage['array'] | Promise<Storage['array']>;
  /**
   * @internal Only asynchronous backends have it. Waits for all submitted work and brings the arrays of all storages up
   * to date, before another backend replaces this one. Lost values are no failure: reading them reports the error. It
   * rejects if reading back fails; this backend then stays active.
   */
  settle?(): Promise<void>;
}
