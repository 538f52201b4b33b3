import { wasmBackend } from './backends/wasm/index.ts';
import { checkThreads } from './backends/wasm/thread-limit.ts';
import { StateError, ValueError } from './ir/errors.ts';
import type { Backend } from './ir/kernel.ts';

// Which backend runs the plans: WebAssembly, or, where that can't be, the reference interpreter, which is loaded only then.

/** Names of the backends of this entry point. */
export type BackendName = 'js' | 'wasm';

let chosen: Backend | null = null;
/** Why WebAssembly can't run, once that is known. */
let refusal: string | null = null;

const loadJs = async (): Promise<Backend> => (await import('./backends/js/index.ts')).jsBackend;

/** The backend; null where it has to be loaded first. */
export function backendIfReady(): Backend | null {
  if (chosen === null && refusal === null) {
    const wasm = wasmBackend();
    if (typeof wasm === 'string') refusal = wasm;
    else chosen = wasm;
  }
  return chosen;
}

/** The backend, for callers that can't wait. */
export function readyBackend(): Backend {
  const backend = backendIfReady();
  if (backend !== null) return backend;
  throw new StateError(
    `[run] WebAssembly can't run here (${refusal}), and the reference interpreter is not loaded yet. Await a computation ` +
      "first (fit, minimize, data), or call `await setBackend('js')` at the beginning.",
  );
}

/** Loads the backend where that is still to be done. */
export async function loadBackend(): Promise<void> {
  if (backendIfReady() === null) chosen = await loadJs();
}

/**
 * Chooses what runs the plans from now on: 'wasm' (WebAssembly SIMD, the default) or 'js' (the reference
 * interpreter: slow, and of the same bits). Values that have been computed stay. Throws a StateError where
 * WebAssembly can't run; by itself ndgrad then uses 'js'.
 */
export async function setBackend(name: BackendName): Promise<void> {
  if (name !== 'js' && name !== 'wasm')
    throw new ValueError(`[setBackend] got '${String(name)}', wanted 'wasm' or 'js'.`);
  const next = name === 'js' ? await loadJs() : wasmBackend();
  if (typeof next === 'string')
    throw new StateError(`[setBackend] 'wasm' can't run here: ${next}. Use 'js'.`);
  chosen = next;
}

/**
 * The most threads that a run may use, from 1 to 255, the calling one included; all cores by default. Small
 * plans run on one thread, and so does the js backend. The number of threads never changes a result.
 */
export function setThreads(threads: number): void {
  checkThreads(threads);
  const wasm = wasmBackend();
  if (typeof wasm !== 'string') wasm.setThreads(threads);
}

/** The backend's name, its threads, and why there are not more or why it is not WebAssembly. */
export function describeBackend(): Pick<Backend, 'name' | 'threads' | 'reason' | 'memory'> {
  const backend = backendIfReady();
  const because = `WebAssembly can't run here: ${refusal}`;
  if (backend === null)
    return { name: 'js', threads: 1, reason: `${because}; not loaded yet`, memory: { bytes: 0, used: 0 } };
  const { name, threads, reason, memory } = backend;
  return { name, threads, reason: name === 'js' && refusal !== null ? because : reason, memory };
}
