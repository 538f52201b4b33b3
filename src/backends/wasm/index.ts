import type { Backend, Executable } from '../../ir/backend.ts';
import type { Plan } from '../../ir/plan.ts';
import type { Storage } from '../../ir/storage.ts';
import { errorMessage } from '../../util/error-message.ts';
import { WasmModule } from './assembler/module.ts';
import { Engine, type EngineOptions } from './runtime/engine.ts';
import { WasmExecutable } from './runtime/executable.ts';

export { supportLoops } from './kernels/support-loops.ts';
export { checkThreads } from './threads/thread-limit.ts';

/** WebAssembly with fixed-width SIMD and threads. */
export class WasmBackend implements Backend {
  readonly name = 'wasm';
  readonly limits = { maxInputs: 16, maxNodes: 192, maxStores: 16 };
  readonly #engine: Engine;

  constructor(options: EngineOptions = {}) {
    this.#engine = new Engine(options);
  }

  get threads(): number {
    return this.#engine.threads.limit.threads;
  }

  get reason(): string {
    return this.#engine.threads.limit.reason ?? 'all cores are in use';
  }

  get memory(): { readonly bytes: number; readonly used: number } {
    const { size, used } = this.#engine.memory;
    return { bytes: size, used };
  }

  wantsYield(): boolean {
    const { threads, deviceCache } = this.#engine;
    return deviceCache.isCrowded || threads.starting;
  }

  setThreads(threads: number): void {
    this.#engine.threads.set(threads);
  }

  /**
   * For tests: every run, however small, uses exactly this many threads with evenly assigned chunks. null ends that.
   */
  async forceThreads(threads: number | null): Promise<void> {
    await this.#engine.threads.force(threads);
  }

  /** The number of chunks that each thread ran in the latest run; empty if one thread ran all. */
  get work(): number[] {
    return this.#engine.threads.work;
  }

  compile(plan: Plan): Executable {
    return new WasmExecutable(plan, this.#engine);
  }

  read(storage: Storage): Storage['array'] {
    return storage.array;
  }
}

let created: WasmBackend | string | null = null;

/** The backend, or the reason why it can't run here. */
export function wasmBackend(): WasmBackend | string {
  created ??= obstacle() ?? create();
  return created;
}

/** Some platforms have WebAssembly, but can't allocate a memory. */
function create(): WasmBackend | string {
  try {
    return new WasmBackend();
  } catch (error) {
    return errorMessage(error);
  }
}

/**
 * Tests a module with SIMD: the engine may lack it, or a page's content-security policy may forbid WebAssembly. Returns
 * null if it works.
 */
function obstacle(): string | null {
  if (typeof WebAssembly === 'undefined') return 'this platform has no WebAssembly';
  const module = new WasmModule(false);
  module.function(['v128'], ['v128'], (code, x) => code.return(code.op('f32x4.add', x!, x!)));
  try {
    new WebAssembly.Instance(new WebAssembly.Module(module.encode()), {
      env: { memory: new WebAssembly.Memory({ initial: 0, maximum: 65536 }) },
    });
    return null;
  } catch (error) {
    return errorMessage(error);
  }
}
