import { jsBackend } from '../../src/backends/js/index.ts';
import { WasmBackend } from '../../src/backends/wasm/index.ts';
import type { Backend } from '../../src/ir/backend.ts';

/** WebAssembly on exactly so many threads, which share even the smallest work. */
async function forced(threads: number): Promise<WasmBackend> {
  const backend = new WasmBackend({ grain: 1 });
  await backend.forceThreads(threads);
  return backend;
}

/** WebAssembly on 1, 2 and 5 threads. */
export const threads = [1, 2, 5] as const;
export const engines = await Promise.all(threads.map(forced));

let turn = 0;

/** The reference, and WebAssembly on another number of threads at each call. */
export const backendsInTurn = (): readonly Backend[] => [jsBackend, engines[turn++ % engines.length]!];
