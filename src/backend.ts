import { wasmBackend } from './backends/wasm/index.ts';
import { checkThreads } from './backends/wasm/threads/thread-limit.ts';
import type { Backend } from './ir/backend.ts';
import { StateError, ValueError } from './ir/errors.ts';

// Which backend runs the plans: WebAssembly, or, where that can't be, the reference interpreter, which is loaded only then;
// or one that `setBackend` was given.

/** Names of the backends of this entry point. */
export type BackendName = 'js' | 'wasm';

let chosen: Backend | null = null;
/** Why WebAssembly can't run, once that is known. */
let refusal: string | null = null;
/** The CPU's backend beside an asynchronous one. */
let synchronous: Backend | null = null;
/** While values come home from a backend: which one follows, and when. No backend is ready until then. */
let change: { readonly to: Backend; readonly done: Promise<void> } | null = null;

/** What waits for the backend, in the order in which it was asked for. */
const waiting: (() => void)[] = [];

const loadJs = async (): Promise<Backend> => (await import('./backends/js/index.ts')).jsBackend;

/** The backend; null where it has to be waited for. */
export function backendIfReady(): Backend | null {
  if (chosen === null && refusal === null && change === null) {
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
  if (change !== null) throw new StateError('[run] the backend is being changed. Await setBackend first.');
  throw new StateError(
    `[run] WebAssembly can't run here (${refusal}), and the reference interpreter is not loaded yet. Await a computation ` +
      "first (fit, minimize, data), or call `await setBackend('js')` at the beginning.",
  );
}

/** The backend, or where that is asynchronous the one of the CPU, for callers that can't wait. */
export function synchronousBackend(): Backend {
  const backend = readyBackend();
  return backend.settle === undefined ? backend : synchronous!;
}

/** The backend, loaded or waited for where that is still to be done. */
export async function loadBackend(): Promise<Backend> {
  while (change !== null) await change.done;
  if (backendIfReady() === null) {
    const js = await loadJs();
    if (chosen === null) choose(js);
  }
  return readyBackend();
}

/** Does something as soon as the backend is ready, after all that was to be done before. */
export function whenReady<T>(work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    waiting.push(() => resolve(work()));
    loadBackend().catch(reject);
  });
}

function choose(backend: Backend): void {
  chosen = backend;
  change = null;
  for (const work of waiting.splice(0)) work();
}

/**
 * Chooses what runs the plans from now on: 'wasm' (WebAssembly SIMD, the default), 'js' (the reference
 * interpreter: slow, and of the same bits), or a backend that was made elsewhere: `await setBackend(await gpu())`.
 * Values that have been computed stay, and what was asked for before is done before. Throws a StateError where
 * WebAssembly can't run; by itself ndgrad then uses 'js'.
 */
export async function setBackend(backend: BackendName | Backend): Promise<void> {
  if (backend !== 'js' && backend !== 'wasm' && typeof backend?.compile !== 'function') {
    throw new ValueError(
      `[setBackend] got '${String(backend)}', wanted 'wasm', 'js' or a backend: await setBackend(await gpu()).`,
    );
  }
  const wasm = backend === 'js' ? '' : wasmBackend();
  if (backend === 'wasm' && typeof wasm === 'string')
    throw new StateError(`[setBackend] 'wasm' can't run here: ${wasm}. Use 'js'.`);
  const cpu = typeof wasm === 'string' ? await loadJs() : wasm;
  const to = typeof backend === 'string' ? cpu : backend;
  while (change !== null) await change.done;
  synchronous = cpu;
  if (chosen === to || chosen?.settle === undefined) return choose(to);
  const from = chosen;
  const done = from.settle!().then(
    () => choose(to),
    (error) => {
      choose(from);
      throw error;
    },
  );
  chosen = null;
  change = { to, done };
  await done;
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
  const backend = backendIfReady() ?? change?.to ?? null;
  const because = `WebAssembly can't run here: ${refusal}`;
  if (backend === null)
    return { name: 'js', threads: 1, reason: `${because}; not loaded yet`, memory: { bytes: 0, used: 0 } };
  const { name, threads, reason, memory } = backend;
  return { name, threads, reason: name === 'js' && refusal !== null ? because : reason, memory };
}
