/** The program of a worker of `inWorkers`. It exports types only. */
import { type MessagePort, workerData } from 'node:worker_threads';
import { ValueError } from '../ir/errors.ts';
import { setThreads } from '../runtime/backends.ts';
import type { Space } from '../search/space.ts';
import { runTrial, type TrialFunction, type TrialOutcome, type TrialTask } from '../search/trial.ts';
import { errorMessage, isError } from '../util/error-message.ts';

/** The `workerData` of a worker. */
export interface WorkerData {
  /** URL of the module whose default export is the trial function. */
  readonly module: string;
  /** Receives tasks and sends messages. Not `parentPort`, to which a trial may post anything. */
  readonly port: MessagePort;
}

/** A message of a worker. */
export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly reason: string; readonly stack: string | undefined }
  | { readonly kind: 'done'; readonly outcome: TrialOutcome };

const { module, port } = workerData as WorkerData;
const send = (message: WorkerMessage): void => port.postMessage(message);

async function load(): Promise<TrialFunction<Space>> {
  const { default: trial }: { default?: unknown } = await import(module);
  if (typeof trial === 'function') return trial as TrialFunction<Space>;
  throw new ValueError(
    `its default export is ${trial === undefined ? 'missing' : typeof trial}, wanted the trial function`,
  );
}

async function serve(): Promise<void> {
  // Trials run in parallel, one thread each.
  setThreads(1);
  try {
    const trial = await load();
    const { signal } = new AbortController();
    port.on('message', async (task: TrialTask) =>
      send({ kind: 'done', outcome: await runTrial(trial, task, signal) }),
    );
    send({ kind: 'ready' });
  } catch (error) {
    send({
      kind: 'failed',
      reason: errorMessage(error),
      stack: isError(error) ? error.stack : undefined,
    });
  }
}

void serve();
