import { jsBackend } from '../../src/backends/js/index.ts';
import { WasmBackend } from '../../src/backends/wasm/index.ts';
import type { Backend } from '../../src/ir/kernel.ts';

/** WebAssembly on exactly so many threads, which share even the smallest work. */
function forced(threads: number): WasmBackend {
  const backend = new WasmBackend({ grain: 1 });
  backend.forceThreads(threads);
  return backend;
}

/** WebAssembly on 1, 2 and 5 threads. */
export const threads = [1, 2, 5] as const;
export const engines = threads.map(forced);

let turn = 0;

/** The reference, and WebAssembly on another number of threads at each call. */
export const backendsInTurn = (): readonly Backend[] => [jsBackend, engines[turn++ % engines.length]!];
