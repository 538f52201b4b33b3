import { ValueError } from '../../../ir/errors.ts';
import type { Platform } from './platform.ts';

/** The most threads of a pool, the calling one included. */
const MAX_THREADS = 255;

/** Fails for a number of threads that can't be. */
export function checkThreads(threads: number): void {
  if (Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS) return;
  throw new ValueError(`[setThreads] got ${threads}, wanted a whole number from 1 to ${MAX_THREADS}.`);
}

/** How many threads may take part in a run, the calling one included, and why not more. */
export class ThreadLimit {
  /** What was asked for; null means all processors. */
  wanted: number | null = null;
  /** For tests: every run waits for exactly so many threads, which share its chunks evenly. */
  forced: number | null = null;
  /** Why workers did not start, and the number of threads without them. */
  refusal: { readonly message: string; readonly threads: number } | null = null;
  readonly #platform: Platform;
  readonly #shared: boolean;

  /** `shared` says whether the memory can be shared between threads. */
  constructor(platform: Platform, shared: boolean) {
    this.#platform = platform;
    this.#shared = shared;
  }

  get threads(): number {
    if (!this.#shared || this.#platform.obstacle !== null) return 1;
    if (this.forced !== null) return this.forced;
    const wanted = this.wanted ?? this.#platform.cores;
    return Math.min(wanted, this.refusal?.threads ?? wanted, MAX_THREADS);
  }

  /** Why there are not more threads; null where all processors are in use. */
  get reason(): string | null {
    const { cores, obstacle } = this.#platform;
    if (obstacle !== null) return obstacle;
    if (!this.#shared) return 'the memory is not shared';
    if (this.refusal !== null) return `workers were refused: ${this.refusal.message}`;
    if (this.wanted !== null) return `setThreads(${this.wanted})`;
    return cores === 1 ? 'one core' : null;
  }

  /** Sets the most threads; workers that were refused are tried again. */
  set(threads: number | null): void {
    if (threads !== null) checkThreads(threads);
    this.wanted = threads;
    this.refusal = null;
  }
}
