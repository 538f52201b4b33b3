// A channel from a training worker to the page, beside the messages of `trainInWorker`.

interface ChannelMessage {
  readonly reports: MessagePort;
}

/**
 * Opens a channel to a worker that has called `reporter`.
 *
 * @returns the page's end: `postMessage` asks the worker a question, `close` ends the channel.
 */
export function openReports<R>(worker: Worker, onReport: (report: R) => void): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = ({ data }: MessageEvent<R>) => onReport(data);
  worker.postMessage({ reports: port2 } satisfies ChannelMessage, [port2]);
  return port1;
}

/** In the worker: a function that reports to the page. Call it while the worker's file is loaded. */
export function reporter<R, Q = never>(onQuestion: (question: Q) => void = () => {}): (report: R) => void {
  let port: MessagePort | null = null;
  addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (typeof data !== 'object' || data === null || !('reports' in data)) return;
    port = (data as ChannelMessage).reports;
    port.onmessage = ({ data }: MessageEvent<Q>) => onQuestion(data);
  });
  return (report) => port?.postMessage(report);
}
