import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Connection } from '../../src/remote/messages.ts';
import { RemoteRun } from '../../src/remote/remote-run.ts';
import type { RemoteTraining, TrainInWorkerOptions } from '../../src/remote/remote-training.ts';
import { type SetUpTraining, serve } from '../../src/remote/serve.ts';

/** A page and its worker in one thread. */
export interface Pair {
  train(options?: TrainInWorkerOptions): RemoteTraining;
  /** The worker's end of the channel, to send anything. */
  readonly port: MessagePort;
  /** The worker fails. */
  fail(reason: string): void;
}

export function pair(setup: SetUpTraining): Pair {
  const { port1, port2 } = new MessageChannel();
  const losses = new Set<(reason: string) => void>();
  const page = { ...connectionOf(port1) };
  serve(connectionOf(port2), setup, null);
  return {
    train: (options = {}) =>
      new RemoteRun(
        {
          ...page,
          listen(receive, lost) {
            losses.add(lost);
            const end = page.listen(receive, lost);
            return () => {
              losses.delete(lost);
              end();
              // An open port would keep the process alive.
              if (losses.size === 0) port1.unref();
            };
          },
        },
        options,
      ),
    port: port2,
    fail: (reason) => {
      for (const lost of losses) lost(reason);
    },
  };
}

const connectionOf = (port: MessagePort): Connection => ({
  post: (data, transfer = []) => port.postMessage(data, transfer),
  listen(receive) {
    port.on('message', receive);
    return () => port.off('message', receive);
  },
});
