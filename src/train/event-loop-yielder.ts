import { yieldToEventLoop } from '../util/event-loop.ts';
import { now } from '../util/timers.ts';

/** Milliseconds between two yields. */
const SLICE = 16;

/**
 * Yields to the event loop. Code that only awaits resolved promises never does, and would delay timers, input and
 * drawing until training is over.
 */
export class EventLoopYielder {
  #last = now();

  /** Yields if the last time was at least 16 ms ago. */
  async yieldIfDue(): Promise<void> {
    if (now() - this.#last < SLICE) return;
    await yieldToEventLoop();
    this.#last = now();
  }
}
