import { MessageChannel, setImmediate, setTimeout } from './timers.ts';

/**
 * Resolves in the next task of the event loop. Browsers delay `setTimeout` by up to 4 ms, but not messages.
 * `scheduler.yield` is not suitable: its continuation runs before timers.
 */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    if (setImmediate !== undefined) {
      setImmediate(resolve);
    } else if (MessageChannel !== undefined) {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close(); // an open port would keep a process alive
        resolve();
      };
      port2.postMessage(null);
    } else {
      setTimeout(resolve);
    }
  });
}
