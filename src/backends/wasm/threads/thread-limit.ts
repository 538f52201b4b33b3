import { ValueError } from '../../../ir/errors.ts';
import type { Platform } from './platform.ts';

/** Maximum threads of a pool, including the calling one. */
const MAX_THREADS = 255;

/** Throws unless `threads` is a valid number of threads. */
export function checkThreads(threads: number): void {
  if (Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS) return;
  throw new ValueError(`[setThreads] got ${threads}, wanted a whole number from 1 to ${MAX_THREADS}.`);
}

/** The maximum number of threads in a run, including the calling one, and the reason for it. */
export class ThreadLimit {
  /** The number that the user has set; null means all processors. */
  wanted: number | null = null;
  /** For tests: every run waits for exactly this many threads, and chunks are assigned to them evenly. */
  forced: number | null = null;
  /** Why workers did not start, and the number of threads available without them. */
  refusal: { readonly message: string; readonly threads: number } | null = null;
  readonly #platform: Platform;
  readonly #shared: boolean;

  /** `shared`: whether the memory is shared between threads. */
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

  /** Why there are not more threads; null if all processors are used. */
  get reason(): string | null {
    const { cores, obstacle } = this.#platform;
    if (obstacle !== null) return obstacle;
    if (!this.#shared) return 'the memory is not shared';
    if (this.refusal !== null) return `workers could not be started: ${this.refusal.message}`;
    if (this.wanted !== null) return `setThreads(${this.wanted})`;
    return cores === 1 ? 'one core' : null;
  }

  /** Sets the maximum; workers that could not be started are tried again. */
  set(threads: number | null): void {
    if (threads !== null) checkThreads(threads);
    this.wanted = threads;
    this.refusal = null;
  }
}
