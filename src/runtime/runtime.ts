import { wasmBackend } from '../backends/wasm/index.ts';
import { type CompiledPlan, type Goal, PlanCache } from '../compiler/cache.ts';
import { compile } from '../compiler/compile.ts';
import type { SortedGraph } from '../compiler/toposort.ts';
import type { Backend } from '../ir/backend.ts';
import { StateError } from '../ir/errors.ts';

/**
 * Which backend runs plans.
 *
 * - `unresolved`: nothing has needed a backend yet.
 * - `ready`: `backend` runs plans. `cpu` computes what must have the same bits on every backend; it is the backend
 *   itself unless that is asynchronous.
 * - `unavailable`: WebAssembly cannot run, and the reference interpreter is not loaded yet.
 * - `switching`: values are being read back from an asynchronous backend; `next` follows it.
 *
 * Transitions: unresolved -> ready | unavailable; unavailable -> ready; ready -> ready | switching; switching -> ready.
 */
type State =
  | { readonly kind: 'unresolved' }
  | { readonly kind: 'ready'; readonly backend: Backend; readonly cpu: Backend }
  | { readonly kind: 'unavailable'; readonly reason: string }
  | { readonly kind: 'switching'; readonly next: Backend; readonly done: Promise<void> };

/** The reference interpreter, which is loaded only where it is needed. */
export const loadReferenceInterpreter = async (): Promise<Backend> =>
  (await import('../backends/js/index.ts')).jsBackend;

/** Owns the backend and the plans that were compiled for it. */
export class Runtime {
  #state: State = { kind: 'unresolved' };
  /** Why WebAssembly cannot run, once that is known. */
  #wasmRefusal: string | null = null;
  /** What waits until a backend is ready, in the order of the calls. */
  readonly #waiting: (() => void)[] = [];
  /** Plans for the backend, and for the CPU beside an asynchronous backend. */
  readonly plans = new PlanCache(256);
  readonly #cpuPlans = new PlanCache(16);

  /** The state. WebAssembly is tried when it is first asked for. */
  get state(): Exclude<State, { kind: 'unresolved' }> {
    if (this.#state.kind === 'unresolved') {
      const wasm = wasmBackend();
      if (typeof wasm === 'string') {
        this.#wasmRefusal = wasm;
        this.#state = { kind: 'unavailable', reason: wasm };
      } else {
        this.#state = { kind: 'ready', backend: wasm, cpu: wasm };
      }
    }
    return this.#state;
  }

  /** Why WebAssembly cannot run; null if it can or was not tried. */
  get wasmRefusal(): string | null {
    return this.#wasmRefusal;
  }

  /** The backend and the CPU's backend. Throws a StateError with advice unless the state is `ready`. */
  get ready(): { readonly backend: Backend; readonly cpu: Backend } {
    const { state } = this;
    if (state.kind === 'ready') return state;
    throw new StateError(
      state.kind === 'switching'
        ? '[run] the backend is being changed. Await setBackend first.'
        : `[run] WebAssembly can't run here (${state.reason}), and the reference interpreter is not loaded yet. Await a computation ` +
            "first, or `await setBackend('js')`.",
    );
  }

  /** Waits until a backend is ready. Loads the reference interpreter where WebAssembly cannot run. */
  async load(): Promise<Backend> {
    while (this.#state.kind === 'switching') await this.#state.done;
    if (this.state.kind === 'unavailable') {
      const js = await loadReferenceInterpreter();
      if (this.#state.kind === 'unavailable') this.#enter({ kind: 'ready', backend: js, cpu: js });
    }
    return this.ready.backend;
  }

  /** Calls `work` as soon as a backend is ready, after everything that has been asked for before. */
  whenReady<T>(work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => resolve(work()));
      this.load().catch(reject);
    });
  }

  /**
   * Changes the backend. Values that only an asynchronous backend has are read back first; if that fails, the backend
   * stays. `cpu` is used beside `next` if that is asynchronous.
   */
  async switchTo(next: Backend, cpu: Backend): Promise<void> {
    while (this.#state.kind === 'switching') await this.#state.done;
    const state = this.#state;
    const ready: State = { kind: 'ready', backend: next, cpu: next.settle === undefined ? next : cpu };
    if (state.kind !== 'ready' || state.backend === next) return this.#enter(ready);
    this.plans.clear();
    if (state.backend.settle === undefined) return this.#enter(ready);
    const done = state.backend.settle().then(
      () => this.#enter(ready),
      (error) => {
        this.#enter(state);
        throw error;
      },
    );
    this.#state = { kind: 'switching', next, done };
    await done;
  }

  /** The plan for a sorted graph: the cached one, or a new one for the given backend. */
  plan(order: SortedGraph, goal: Goal, backend: Backend): CompiledPlan {
    const isCurrent = this.#state.kind === 'ready' && backend === this.#state.backend;
    return (isCurrent ? this.plans : this.#cpuPlans).get(order, goal, (graph) => {
      const plan = compile(graph, goal, { limits: backend.limits });
      return { plan, executable: backend.compile(plan) };
    });
  }

  #enter(ready: State): void {
    this.#state = ready;
    for (const work of this.#waiting.splice(0)) work();
  }
}

/** The runtime of this copy of the package. */
export const runtime = new Runtime();
