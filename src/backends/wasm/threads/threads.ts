import { errorMessage } from '../../../util/error-message.ts';
import type { WasmMemory } from '../memory/wasm-memory.ts';
import type { Platform } from './platform.ts';
import type { Pool } from './pool.ts';
import { type Program, WORTH_ASLEEP, writeScratch } from './program.ts';
import { ThreadLimit } from './thread-limit.ts';

/**
 * Runs programs on the calling thread or on a pool. The pool is loaded when the first program is large enough for it.
 */
export class Threads {
  readonly limit: ThreadLimit;
  readonly #memory: WasmMemory;
  readonly #platform: Platform;
  #pool: Pool | null = null;
  #loading: Promise<void> | null = null;

  constructor(memory: WasmMemory, platform: Platform) {
    this.#memory = memory;
    this.#platform = platform;
    this.limit = new ThreadLimit(platform, memory.shared);
  }

  /** Are workers starting? They need the event loop for it. */
  get starting(): boolean {
    return this.#pool === null ? this.#loading !== null : this.#pool.starting;
  }

  /** The number of chunks that each thread ran in the latest run; empty if one thread ran all. */
  get work(): number[] {
    return this.#pool?.work ?? [];
  }

  set(threads: number): void {
    this.limit.set(threads);
    this.#pool?.trim();
  }

  /** For tests: see `ThreadLimit.forced`. The pool waits for an hour, since a test must not fail on a busy machine. */
  async force(threads: number | null): Promise<void> {
    await this.#load();
    if (this.#pool === null) return;
    this.#pool.stallTimeout = 3_600_000;
    this.#pool.startTimeout = 3_600_000;
    this.#pool.force(threads);
  }

  /** Runs a program; see `Pool.run`. */
  run(program: Program, scratch: number): void {
    if (this.#pool !== null) {
      this.#pool.run(program, scratch);
      return;
    }
    if (program.shareable >= WORTH_ASLEEP && this.limit.threads > 1) void this.#load();
    writeScratch(this.#memory, program, scratch);
    program.exports.alone();
  }

  #load(): Promise<void> {
    this.#loading ??= this.#open();
    return this.#loading;
  }

  async #open(): Promise<void> {
    try {
      const { Pool } = await import('./pool.ts');
      this.#pool = new Pool(this.#memory, this.#platform, { limit: this.limit });
    } catch (error) {
      this.limit.refusal = { message: errorMessage(error), threads: 1 };
      this.#loading = null;
    }
  }
}
