import { checkThreads, wasmBackend } from '../backends/wasm/index.ts';
import { checkCount, describe } from '../ir/arguments.ts';
import type { Backend } from '../ir/backend.ts';
import { StateError, ValueError } from '../ir/errors.ts';
import { loadReferenceInterpreter, runtime } from './runtime.ts';

/** Names of the backends of this entry point. */
export type BackendName = 'js' | 'wasm';

/**
 * Chooses what runs the plans from now on: 'wasm' (WebAssembly SIMD, the default), 'js' (the reference interpreter:
 * slow, with the same bits), or a backend of another entry point: `await setBackend(await gpu())`. Computed values
 * stay valid, and everything that was asked for before is finished first.
 *
 * @throws StateError for 'wasm' where WebAssembly cannot run. Without this call ndgrad then uses 'js' by itself.
 */
export async function setBackend(backend: BackendName | Backend): Promise<void> {
  checkCount('setBackend', arguments.length, 1);
  const methods = ['compile', 'read', 'wantsYield'] as const;
  const isNamed = backend === 'js' || backend === 'wasm';
  if (!isNamed && methods.some((name) => typeof backend?.[name] !== 'function')) {
    throw new ValueError(
      `[setBackend] got ${describe(backend)}, wanted 'wasm', 'js' or a backend: await setBackend(await gpu()).`,
    );
  }
  const wasm = backend === 'js' ? '' : wasmBackend();
  if (backend === 'wasm' && typeof wasm === 'string')
    throw new StateError(`[setBackend] 'wasm' can't run here: ${wasm}. Use 'js'.`);
  const cpu = typeof wasm === 'string' ? await loadReferenceInterpreter() : wasm;
  await runtime.switchTo(typeof backend === 'string' ? cpu : backend, cpu);
}

/**
 * Sets the largest number of threads that a run may use, from 1 to 255, including the calling thread; all processors
 * by default. Small plans run on one thread, and so does the js backend. The number of threads never changes a result.
 *
 * @throws ValueError for other numbers.
 */
export function setThreads(threads: number): void {
  checkCount('setThreads', arguments.length, 1);
  checkThreads(threads);
  const wasm = wasmBackend();
  if (typeof wasm !== 'string') wasm.setThreads(threads);
}

/** What runs the plans, and how many of them are cached. */
export interface BackendInfo {
  /** 'wasm' or 'js', or the name of a backend that `setBackend` was given: 'webgpu', 'webgl2'. */
  readonly name: string;
  /** The largest number of threads that may take part in a run. */
  readonly threads: number;
  /** Why it is not WebAssembly, or why there are not more threads. */
  readonly reason: string;
  /** Bytes of the backend's own memory: the bytes reserved, and those in use. */
  readonly memory: { readonly bytes: number; readonly used: number };
  /** Plans in the cache. */
  readonly plans: number;
  /** How often a plan was found in the cache. */
  readonly planHits: number;
  /** How often a plan was compiled. */
  readonly planMisses: number;
}

/** The backend, its threads, the reason for both, and the state of the plan cache. */
export function backendInfo(): BackendInfo {
  checkCount('backendInfo', arguments.length, 0);
  const { state, plans, wasmRefusal } = runtime;
  const cache = { plans: plans.size, planHits: plans.hits, planMisses: plans.misses };
  const refused = `WebAssembly can't run here: ${wasmRefusal}`;
  if (state.kind === 'unavailable') {
    const memory = { bytes: 0, used: 0 };
    return { name: 'js', threads: 1, reason: `${refused}; not loaded yet`, memory, ...cache };
  }
  const { name, threads, reason, memory } = state.kind === 'ready' ? state.backend : state.next;
  const isFallback = name === 'js' && wasmRefusal !== null;
  return { name, threads, reason: isFallback ? refused : reason, memory, ...cache };
}
