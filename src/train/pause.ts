import { yieldToEventLoop } from '../util/event-loop.ts';

/** The longest that training keeps the event loop waiting between two steps, in milliseconds. */
const SLICE = 16;

/**
 * Gives way to the event loop. Work that only awaits finished promises never does: timers, input and drawing
 * would wait until training is over.
 */
export class Pacer {
  #last = performance.now();

  /** Waits for one turn of the event loop if the last one is long enough ago. */
  async pause(): Promise<void> {
    if (performance.now() - this.#last < SLICE) return;
    await yieldToEventLoop();
    this.#last = performance.now();
  }
}
