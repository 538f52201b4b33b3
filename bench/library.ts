import type { Task } from './task.ts';

/** A task made ready in one library. */
export interface Prepared {
  /** Does the task so many times; when the promise is fulfilled every result has really been computed. */
  run(times: number): Promise<void>;
  /**
   * Does the task once and gives the numbers that all libraries must agree on: the elements of what was
   * computed, Adam's parameters after the update, or the loss of the training step. null where a library's
   * own way leads to other numbers.
   */
  result(): Promise<ArrayLike<number> | null>;
  /** Frees what the library does not free by itself. */
  dispose?(): void;
}

/** A library in a process of its own. */
export interface Library {
  /** Backend and threads, as the library itself tells them. */
  readonly about: string;
  /** null where the library has nothing for this task. */
  prepare(task: Task): Promise<Prepared | null>;
}

/** Loads a library and sets its number of threads, where it has such a thing. */
export type Open = (threads: number) => Promise<Library>;

/** Why a contestant can't take part here. */
export class Unavailable extends Error {}

/** Does something so many times, with at most so many of them under way. */
export async function windowed(times: number, inFlight: number, once: () => Promise<unknown>): Promise<void> {
  const pending: Promise<unknown>[] = [];
  for (let i = 0; i < times; i++) {
    const running = once();
    running.catch(() => {}); // whoever waits for it below hears of it
    pending.push(running);
    if (pending.length >= inFlight) await pending.shift();
  }
  await Promise.all(pending);
}

/** How many runs a GPU is asked for ahead. */
export const gpuInFlight = 8;
