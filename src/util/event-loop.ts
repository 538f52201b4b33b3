/**
 * One turn of the event loop. Browsers hold `setTimeout` back for 4 ms; a message comes at once.
 * `scheduler.yield` is no help: what goes on after it comes before timers.
 */
export function yieldToEventLoop(): Promise<void> {
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
