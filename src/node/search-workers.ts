import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { StateError, ValueError } from '../ir/errors.ts';
import type { TrialOutcome, TrialRunner, TrialSession, TrialTask } from '../search.ts';
import { errorMessage } from '../util/error-message.ts';
import { findTsx, isTypeScript } from './search-loader.ts';
import type { WorkerData, WorkerMessage } from './search-worker.ts';

/** Options of `inWorkers`. */
export interface TrialWorkerOptions {
  /** How many trials run at a time; by default as many as there are cores. */
  readonly workers?: number | undefined;
  /** After how many seconds a trial is stopped and has failed; by default never. */
  readonly timeoutSeconds?: number | undefined;
  /**
   * The most that a worker's JavaScript objects may take up, in MB; a trial that needs more has failed. Tensors
   * and typed arrays do not count. By default Node's own limit.
   */
  readonly maxHeapMegabytes?: number | undefined;
}

/**
 * Runs the trials of a search side by side, in worker threads. The trial function is the default export of a
 * module of its own:
 *
 *     // trial.ts
 *     const trial: TrialFunction<typeof space> = async ({ learningRate }, { epochs }) => { ... };
 *     export default trial;
 *
 *     // search.ts
 *     await search({ ..., trial: inWorkers(new URL('./trial.ts', import.meta.url)) });
 *
 * Each worker loads the module once, so what stands at its top (loading data) is done once a worker, and keeps
 * its own copy. A trial computes on one thread: `workers` trials use as many cores. A trial that throws, calls
 * `process.exit`, runs out of heap or takes too long has failed; a worker that died is replaced.
 *
 * TypeScript works where the program itself runs under tsx, or where Node strips types by itself (22.18 and
 * later); elsewhere tsx is used if it is installed.
 *
 * @param module a URL, since paths are relative to something.
 * @throws ValueError for wrong options; the search is rejected with one where the module can't be loaded or
 *   its default export is no function.
 */
export function inWorkers(module: URL | string, options: TrialWorkerOptions = {}): TrialRunner {
  const { workers = availableParallelism(), timeoutSeconds, maxHeapMegabytes } = options;
  if (!Number.isSafeInteger(workers) || workers < 1) {
    throw new ValueError(`[inWorkers] got workers ${workers}, wanted a whole number of at least 1.`);
  }
  for (const [name, value] of Object.entries({ timeoutSeconds, maxHeapMegabytes })) {
    if (value === undefined || (value > 0 && value < Number.POSITIVE_INFINITY)) continue;
    throw new ValueError(`[inWorkers] got ${name} ${value}, wanted a finite number above 0.`);
  }
  const url = checkedUrl(module);
  return { open: () => new WorkerSession(url, workers, options) };
}

function checkedUrl(module: URL | string): URL {
  if (URL.canParse(String(module))) return new URL(module);
  throw new ValueError(
    `[inWorkers] got '${module}', wanted a URL: new URL('./trial.ts', import.meta.url) is the file beside this one.`,
  );
}

class WorkerSession implements TrialSession {
  readonly concurrency: number;
  readonly #module: URL;
  readonly #options: TrialWorkerOptions;
  readonly #all = new Set<TrialWorker>();
  readonly #idle: TrialWorker[] = [];
  #closed = false;

  constructor(module: URL, concurrency: number, options: TrialWorkerOptions) {
    this.#module = module;
    this.concurrency = concurrency;
    this.#options = options;
  }

  async run(task: TrialTask): Promise<TrialOutcome> {
    if (this.#closed) throw new StateError('[inWorkers] the search is over.');
    const worker = this.#take();
    const outcome = await worker.run(task);
    if (worker.alive) this.#idle.push(worker);
    else this.#all.delete(worker);
    return outcome;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#all].map((worker) => worker.stop()));
  }

  #take(): TrialWorker {
    for (let worker = this.#idle.pop(); worker !== undefined; worker = this.#idle.pop()) {
      if (worker.alive) return worker;
      this.#all.delete(worker);
    }
    const worker = new TrialWorker(this.#module, this.#options);
    this.#all.add(worker);
    return worker;
  }
}

/** The longest time that a timer takes, in milliseconds. */
const LONGEST = 0x7fffffff;

interface Waiting {
  readonly settle: (outcome: TrialOutcome) => void;
  readonly reject: (error: Error) => void;
}

/** A worker thread that has the trial's module, and runs one trial at a time. */
class TrialWorker {
  alive = true;
  readonly #module: URL;
  readonly #options: TrialWorkerOptions;
  readonly #worker: Worker;
  #ready = false;
  #waiting: Waiting | null = null;
  #task: TrialTask | null = null;
  #timer: NodeJS.Timeout | undefined;
  #start = 0;
  /** What went wrong, once something has. */
  #fault: string | null = null;
  #stopped = false;

  constructor(module: URL, options: TrialWorkerOptions) {
    this.#module = module;
    this.#options = options;
    const { maxHeapMegabytes } = options;
    const own = new URL(`./search-worker.${isTypeScript(import.meta.url) ? 'ts' : 'js'}`, import.meta.url);
    const workerData: WorkerData = { module: module.href };
    // The loader has to be there before the first TypeScript is imported: tsx does not reach workers by itself.
    const tsx = findTsx([own, module]);
    const load = tsx === null ? '' : `const { register } = await import(${JSON.stringify(tsx)}); register();`;
    this.#worker = new Worker(`(async () => { ${load} await import(${JSON.stringify(own.href)}); })();`, {
      eval: true,
      workerData,
      name: 'ndgrad trial',
      ...(maxHeapMegabytes === undefined
        ? {}
        : { resourceLimits: { maxOldGenerationSizeMb: maxHeapMegabytes } }),
    });
    this.#worker.on('message', (message: WorkerMessage) => this.#hear(message));
    this.#worker.on('error', (error) => {
      this.alive = false;
      this.#fault ??= errorMessage(error);
    });
    this.#worker.on('exit', (code) => this.#hasEnded(code));
  }

  run(task: TrialTask): Promise<TrialOutcome> {
    return new Promise((settle, reject) => {
      this.#waiting = { settle, reject };
      this.#task = task;
      if (this.#ready) this.#send();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#worker.terminate();
  }

  #send(): void {
    const { timeoutSeconds } = this.#options;
    this.#start = performance.now();
    this.#worker.postMessage(this.#task);
    if (timeoutSeconds === undefined) return;
    this.#timer = setTimeout(
      () => {
        this.alive = false;
        this.#fault ??= `the trial took longer than ${timeoutSeconds} s`;
        void this.#worker.terminate();
      },
      Math.min(timeoutSeconds * 1000, LONGEST),
    );
  }

  #hear(message: WorkerMessage): void {
    if (message.kind === 'ready') {
      this.#ready = true;
      if (this.#waiting !== null) this.#send();
    } else if (message.kind === 'refused') {
      this.#refuse(message.reason, message.stack);
    } else {
      this.#finish().settle?.(message.outcome);
    }
  }

  #refuse(reason: string, stack?: string): void {
    const mend = /file extension|strip-only/.test(reason)
      ? 'Run the program under tsx, on Node 22.18 or later, or give the compiled module.'
      : 'Import the module by itself to see more.';
    const error = new ValueError(`[inWorkers] ${this.#module.href} can't be loaded: ${reason}. ${mend}`);
    if (stack !== undefined) error.cause = stack;
    this.#finish().reject?.(error);
  }

  #hasEnded(code: number): void {
    this.alive = false;
    const fault = this.#fault ?? `the worker ended with exit code ${code} before the trial was over`;
    if (this.#stopped) this.#finish().reject?.(new StateError('[inWorkers] the search was stopped.'));
    else if (!this.#ready) this.#refuse(fault);
    else {
      const seconds = Math.round(performance.now() - this.#start) / 1000;
      this.#finish().settle?.({ error: fault, seconds });
    }
  }

  /** Takes whoever waits. */
  #finish(): Partial<Waiting> {
    clearTimeout(this.#timer);
    const waiting = this.#waiting ?? {};
    this.#waiting = null;
    return waiting;
  }
}
