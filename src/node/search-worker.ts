/** What a worker of `inWorkers` runs: an entry of its own, which is never imported for its names. */
import { parentPort, workerData } from 'node:worker_threads';
import { ValueError } from '../ir/errors.ts';
import { setThreads } from '../runtime/backends.ts';
import type { Space } from '../search/space.ts';
import { runTrial, type TrialFunction, type TrialOutcome, type TrialTask } from '../search/trial.ts';
import { errorMessage } from '../util/error-message.ts';

/** What a worker is given at its start. */
export interface WorkerData {
  /** URL of the module whose default export is the trial function. */
  readonly module: string;
}

/** What a worker says. */
export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'refused'; readonly reason: string; readonly stack: string | undefined }
  | { readonly kind: 'done'; readonly outcome: TrialOutcome };

const say = (message: WorkerMessage): void => parentPort?.postMessage(message);

async function load({ module }: WorkerData): Promise<TrialFunction<Space>> {
  const { default: trial }: { default?: unknown } = await import(module);
  if (typeof trial === 'function') return trial as TrialFunction<Space>;
  throw new ValueError(
    `its default export is ${trial === undefined ? 'missing' : typeof trial}, wanted the trial function`,
  );
}

async function serve(): Promise<void> {
  // Trials run side by side: one core each.
  setThreads(1);
  try {
    const trial = await load(workerData as WorkerData);
    const { signal } = new AbortController();
    parentPort?.on('message', async (task: TrialTask) =>
      say({ kind: 'done', outcome: await runTrial(trial, task, signal) }),
    );
    say({ kind: 'ready' });
  } catch (error) {
    say({
      kind: 'refused',
      reason: errorMessage(error),
      stack: error instanceof Error ? error.stack : undefined,
    });
  }
}

void serve();
