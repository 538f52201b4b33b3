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
    await turn();
    this.#last = performance.now();
  }
}

/**
 * One turn of the event loop. Browsers hold `setTimeout` back for 4 ms; a message comes at once.
 * `scheduler.yield` is no help: what goes on after it comes before timers.
 */
function turn(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (run: () => void) => void };
  return new Promise((resolve) => {
    if (setImmediate !== undefined) {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close(); // an open port would keep a process alive
      resolve();
    };
    port2.postMessage(null);
  });
}
