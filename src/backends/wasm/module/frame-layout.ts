// Constants that the host, the workers and the generated code share.

/** Bytes of a cache line. */
export const CACHE_LINE = 64;

export const alignToCacheLine = (bytes: number): number => Math.ceil(bytes / CACHE_LINE) * CACHE_LINE;

/** Byte offsets in the frame: the memory that holds the inputs of a plan's code for one run. */
export const frame = {
  /** Why the run ends early, see `Status`; 0 if it does not. */
  status: 0,
  /** Not 0 once a check on values has failed. The kernels continue. */
  failed: 16,
  /** The address of the scratch memory of thread 0, and the bytes of each thread. */
  scratch: 4,
  scratchBytes: 8,
  /** The number of threads that chunks are statically assigned to; 0: each thread takes the next chunk. */
  evenThreads: 12,
  words: 64,
} as const;

/** The module's one global: the frame's address. */
export const FRAME = 0;

/** Values of `frame.status`. */
export const Status = { ok: 0, trapped: 1, stalled: 2 } as const;

/**
 * Byte offsets in the counters, which follow the words of the frame: one cache line for the run, then one for each task.
 * All are 0 before a run.
 */
export const counters = {
  /** Counts completed tasks; threads wait on it (futex). */
  signal: 0,
  sleepers: 4,
  tasks: CACHE_LINE,
  /** In a task's line: at least the number of chunks that were begun, and the number of chunks that are done. */
  begun: 0,
  done: 4,
} as const;

/** Maximum milliseconds of one wait; a thread that completes the awaited task wakes the waiting ones earlier. */
export const SLEEP_MS = 50;
/** Milliseconds, roughly, of one round of spinning of a thread that must not block. */
export const SPIN_MS = 2;
