// What the host, the workers and the generated code have to agree upon.

/** Bytes that start at addresses of this multiple never share a cache line with others. */
export const CACHE_LINE = 64;

export const alignToCacheLine = (bytes: number): number => Math.ceil(bytes / CACHE_LINE) * CACHE_LINE;

/** Byte offsets in the frame, the memory through which the host tells a plan's code what to work on. */
export const frame = {
  /** 0 while all is well; else why the run ends, see `Status`. */
  status: 0,
  /**
   * Not 0 once a check on values has failed: the kernels before the commit go on, those after it do not run.
   */
  failed: 16,
  /** Where the threads' scratch memory begins, and how many bytes each one has. */
  scratch: 4,
  scratchBytes: 8,
  /** Threads that must share the chunks evenly, or 0: each takes the next chunk as it comes free. */
  evenThreads: 12,
  words: 64,
} as const;

/** The module's one global: the frame's address. */
export const FRAME = 0;

/** The word `frame.status`: why a run ends before its end. */
export const Status = { ok: 0, trapped: 1, stalled: 2 } as const;

/**
 * Byte offsets in the counters, which lie in the frame behind the words: a line for all, then a line for each
 * task. All are 0 before a run.
 */
export const counters = {
  /** Counts tasks that are done; threads sleep on it. */
  signal: 0,
  sleepers: 4,
  tasks: CACHE_LINE,
  /** In a task's line: chunks that were begun (or more), and chunks that are done. */
  begun: 0,
  done: 4,
} as const;

/** Milliseconds of one sleep; whoever ends what others wait for wakes them before. */
export const SLEEP_MS = 50;
/** Milliseconds, roughly, of one round of a thread that may not sleep. */
export const SPIN_MS = 2;
