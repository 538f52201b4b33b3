// The thread pool's schedule (src/backends/wasm/module/schedule.ts) without threads: plain arithmetic. All times are in nanoseconds.

/** A task with the times of its chunks, and how many of the first tasks must be complete before it may begin. */
export interface TimedTask {
  readonly after: number;
  readonly chunks: readonly number[];
}

/** What threads cost each other. */
export interface Overheads {
  /** Taking a chunk. */
  readonly take: number;
  /** From the end of a task to the beginning of the next one on a thread that spins. */
  readonly signal: number;
  /** So long a thread spins before it sleeps. */
  readonly spin: number;
  /** Waking a thread. Each one that wakes at the beginning of a run wakes two others. */
  readonly wake: number;
}

/**
 * The time of one run of a plan by this many threads, from the call to the end of the last task. Each thread goes
 * through the tasks in order and takes the next chunk of each.
 */
export function simulate(tasks: readonly TimedTask[], threads: number, overheads: Overheads): number {
  const { take, signal, spin, wake } = overheads;
  const most = Math.max(1, ...tasks.map(({ chunks }) => chunks.length));
  const count = Math.min(threads, most);
  // Thread 0 wakes 1 and 2, thread 1 wakes 3 and 4, and so on.
  const free = Array.from({ length: count }, (_, thread) => wake * Math.floor(Math.log2(thread + 1)));
  const ends: number[] = [];
  for (const { after, chunks } of tasks) {
    const ready = after === 0 ? 0 : Math.max(...ends.slice(0, after));
    for (let thread = 0; thread < count; thread++) {
      const waited = ready - free[thread]!;
      if (waited > 0) free[thread] = ready + signal + (waited > spin ? wake : 0);
    }
    let end = ready;
    for (const chunk of chunks) {
      let next = 0;
      for (let thread = 1; thread < count; thread++) if (free[thread]! < free[next]!) next = thread;
      free[next] = free[next]! + (count > 1 ? take : 0) + chunk;
      end = Math.max(end, free[next]!);
    }
    ends.push(end);
  }
  return Math.max(0, ...ends);
}

/** All chunks of all tasks, each divided into this many equal parts. */
export const divided = (tasks: readonly TimedTask[], parts: number): TimedTask[] =>
  tasks.map(({ after, chunks }) => ({
    after,
    chunks: chunks.flatMap((time) => new Array<number>(parts).fill(time / parts)),
  }));

/** Chunks of about this size, as many as a task has work for; tasks of less work stay whole. */
export const resized = (tasks: readonly TimedTask[], size: number): TimedTask[] =>
  tasks.map(({ after, chunks }) => {
    const total = chunks.reduce((sum, time) => sum + time, 0);
    const count = Math.max(1, Math.round(total / size));
    return { after, chunks: new Array<number>(count).fill(total / count) };
  });

/** How many times all threads wait for each other: tasks that begin only when the task before them is complete. */
export const barriers = (tasks: readonly TimedTask[]): number =>
  tasks.filter(({ after }, i) => i > 0 && after === i).length;

/** The time with any number of threads and no overhead: the longest chunks of tasks that wait for each other. */
export function criticalPath(tasks: readonly TimedTask[]): number {
  const ends: number[] = [];
  for (const { after, chunks } of tasks)
    ends.push(Math.max(0, ...ends.slice(0, after)) + Math.max(0, ...chunks));
  return Math.max(0, ...ends);
}
