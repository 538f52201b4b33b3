import type { Task } from './task.ts';

/** A task that a library has prepared. */
export interface PreparedTask {
  /** Does the task `times` times. When the promise is fulfilled, every result has been computed. */
  run(times: number): Promise<void>;
  /**
   * Does the task once. Returns the numbers that must be equal in all libraries: the elements of the results, the
   * parameters after the update of Adam, or the loss of the training step. Null if the library computes something
   * different by design.
   */
  result(): Promise<ArrayLike<number> | null>;
  /** Frees memory that the library does not free automatically. */
  dispose?(): void;
}

/** The part of a library's process that does the tasks. */
export interface LibraryProgram {
  /** Backend and threads, as the library reports them. */
  readonly about: string;
  /** Prepares a task; null if the library cannot do it. */
  prepare(task: Task): Promise<PreparedTask | null>;
}

/** Loads a library and sets its number of threads if it has such a setting. */
export type OpenLibrary = (threads: number) => Promise<LibraryProgram>;

/** Thrown if a library cannot run here, with the reason. */
export class Unavailable extends Error {}

/** Calls `once` `times` times, with at most `inFlight` calls pending. */
export async function runInFlight(
  times: number,
  inFlight: number,
  once: () => Promise<unknown>,
): Promise<void> {
  const pending: Promise<unknown>[] = [];
  for (let i = 0; i < times; i++) {
    const running = once();
    running.catch(() => {}); // awaited below
    pending.push(running);
    if (pending.length >= inFlight) await pending.shift();
  }
  await Promise.all(pending);
}

/** The most runs in flight on a GPU. */
export const gpuInFlight = 8;
