import { availableParallelism } from 'node:os';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { checkCount, checkOptions, describe, type Known, refusal } from '../ir/arguments.ts';
import { StateError, ValueError } from '../ir/errors.ts';
import type { TrialOutcome, TrialRunner, TrialSession, TrialTask } from '../search.ts';
import { errorMessage } from '../util/error-message.ts';
import type { Url } from '../util/host-types.ts';
import { clearTimeout, MAX_DELAY, now, setTimeout } from '../util/timers.ts';
import { findTsx, isTypeScript } from './search-loader.ts';
import type { WorkerData, WorkerMessage } from './search-worker.ts';

/** What a trial may take. */
export interface TrialLimits {
  /** A trial that takes longer is stopped and fails; by default there is no limit. */
  readonly timeoutSeconds?: number | undefined;
  /**
   * The limit for loading the module in a worker, by default `timeoutSeconds`. If it takes longer, `inWorkers` ends the search,
   * and `bullmq` the worker.
   */
  readonly loadTimeoutSeconds?: number | undefined;
  /**
   * The limit of the JavaScript heap of a trial's thread in MB. A trial that needs more fails. Tensors and typed arrays are
   * not part of the heap. By default Node's limit.
   */
  readonly maxHeapMegabytes?: number | undefined;
}

/** Options of `inWorkers`. */
export interface TrialWorkerOptions extends TrialLimits {
  /** The number of trials that run in parallel; by default the number of cores. */
  readonly workers?: number | undefined;
}

const workerOptions: Known<TrialWorkerOptions> = {
  workers: 0,
  timeoutSeconds: 0,
  loadTimeoutSeconds: 0,
  maxHeapMegabytes: 0,
};

/**
 * Runs the trials of a search in parallel, in worker threads. The trial function is the default export of a separate
 * module:
 *
 *     // trial.ts
 *     const trial: TrialFunction<typeof space> = async ({ learningRate }, { epochs }) => { ... };
 *     export default trial;
 *
 *     // search.ts
 *     await search({ ..., trial: inWorkers(new URL('./trial.ts', import.meta.url)) });
 *
 * Each worker loads the module once, so top-level code (such as loading data) runs once per worker, which has its own
 * copy of the data. A trial computes on one thread, so `workers` trials use as many cores. A trial fails if it throws,
 * calls `process.exit`, exceeds the heap limit or takes too long. A worker that has ended is replaced.
 *
 * TypeScript works if the program runs under tsx, or if Node strips types (22.18 and later). Otherwise tsx is used if it
 * is installed.
 *
 * @param module the URL of the module.
 * @throws ValueError for wrong options. The search rejects with a ValueError if the module cannot be loaded, takes longer
 *   than `loadTimeoutSeconds`, or its default export is not a function.
 */
export function inWorkers(module: Url | string, options: TrialWorkerOptions = {}): TrialRunner {
  checkCount('inWorkers', arguments.length, 2);
  checkOptions('inWorkers', options, workerOptions);
  const { workers = availableParallelism(), timeoutSeconds, loadTimeoutSeconds, maxHeapMegabytes } = options;
  if (!Number.isSafeInteger(workers) || workers < 1) {
    throw new ValueError(
      `[inWorkers] got workers ${describe(workers)}, wanted a whole number of at least 1.`,
    );
  }
  for (const [name, value] of Object.entries({ timeoutSeconds, loadTimeoutSeconds, maxHeapMegabytes })) {
    if (value === undefined || (Number.isFinite(value) && value > 0)) continue;
    throw refusal('inWorkers', name, value, 'a finite number above 0');
  }
  const url = checkedUrl('inWorkers', module);
  return { open: () => openWorkers('inWorkers', url, workers, options) };
}

/** A session that runs trials in worker threads, for the function that the user has called. */
export const openWorkers = (
  operation: string,
  module: URL,
  workers: number,
  options: TrialWorkerOptions,
): TrialSession => new WorkerSession(operation, module, workers, options);

/** @throws ValueError unless it is the URL of a module. */
export function checkedUrl(operation: string, module: Url | string): URL {
  const isUrl = typeof module === 'string' || Object.prototype.toString.call(module) === '[object URL]';
  if (isUrl && URL.canParse(String(module))) return new URL(module);
  throw new ValueError(
    `[${operation}] got ${describe(module)}, wanted a URL: for example new URL('./trial.ts', import.meta.url) for a file in the same directory.`,
  );
}

class WorkerSession implements TrialSession {
  readonly concurrency: number;
  readonly #operation: string;
  readonly #module: URL;
  readonly #options: TrialWorkerOptions;
  readonly #all = new Set<TrialWorker>();
  readonly #idle: TrialWorker[] = [];
  #closed = false;

  constructor(operation: string, module: URL, concurrency: number, options: TrialWorkerOptions) {
    this.#operation = operation;
    this.#module = module;
    this.concurrency = concurrency;
    this.#options = options;
  }

  async run(task: TrialTask): Promise<TrialOutcome> {
    if (this.#closed) throw new StateError(`[${this.#operation}] the search has ended.`);
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
    const worker = new TrialWorker(this.#operation, this.#module, this.#options);
    this.#all.add(worker);
    return worker;
  }
}

/** Settles the promise of the running trial. */
interface PendingTrial {
  readonly settle: (outcome: TrialOutcome) => void;
  readonly reject: (error: Error) => void;
}

/** A worker thread that has loaded the trial's module and runs one trial at a time. */
class TrialWorker {
  alive = true;
  readonly #operation: string;
  readonly #module: URL;
  readonly #options: TrialWorkerOptions;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  #ready = false;
  #pending: PendingTrial | null = null;
  #task: TrialTask | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #start = 0;
  /** The first error of the worker. */
  #error: string | null = null;
  #stopped = false;

  constructor(operation: string, module: URL, options: TrialWorkerOptions) {
    this.#operation = operation;
    this.#module = module;
    this.#options = options;
    const { maxHeapMegabytes, timeoutSeconds, loadTimeoutSeconds = timeoutSeconds } = options;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const own = new URL(`./search-worker.${isTypeScript(import.meta.url) ? 'ts' : 'js'}`, import.meta.url);
    const workerData: WorkerData = { module: module.href, port: port2 };
    // tsx does not register itself in workers, so this happens before the first TypeScript file is imported.
    const tsx = findTsx([own, module]);
    const load = tsx === null ? '' : `const { register } = await import(${JSON.stringify(tsx)}); register();`;
    this.#worker = new Worker(`(async () => { ${load} await import(${JSON.stringify(own.href)}); })();`, {
      eval: true,
      workerData,
      transferList: [port2],
      name: 'ndgrad trial',
      ...(maxHeapMegabytes === undefined
        ? {}
        : { resourceLimits: { maxOldGenerationSizeMb: maxHeapMegabytes } }),
    });
    port1.on('message', (message: WorkerMessage) => this.#receive(message));
    this.#worker.on('error', (error) => {
      this.alive = false;
      this.#error ??= errorMessage(error);
    });
    this.#worker.on('exit', (code) => this.#handleExit(code));
    this.#limit(loadTimeoutSeconds, 'it took');
  }

  run(task: TrialTask): Promise<TrialOutcome> {
    return new Promise((settle, reject) => {
      this.#pending = { settle, reject };
      this.#task = task;
      if (this.#ready) this.#send();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#worker.terminate();
  }

  #send(): void {
    this.#start = now();
    this.#port.postMessage(this.#task);
    this.#limit(this.#options.timeoutSeconds, 'the trial took');
  }

  /** Ends the worker after this time. */
  #limit(seconds: number | undefined, what: string): void {
    if (seconds === undefined) return;
    this.#timer = setTimeout(
      () => {
        this.alive = false;
        this.#error ??= `${what} longer than ${seconds} s`;
        void this.#worker.terminate();
      },
      Math.min(seconds * 1000, MAX_DELAY),
    );
  }

  #receive(message: WorkerMessage): void {
    if (message.kind === 'ready') {
      clearTimeout(this.#timer);
      this.#ready = true;
      if (this.#pending !== null) this.#send();
    } else if (message.kind === 'failed') {
      this.#failToStart(message.reason, message.stack);
    } else {
      this.#finish().settle?.(message.outcome);
    }
  }

  #failToStart(reason: string, stack?: string): void {
    const fix = /file extension|strip-only/.test(reason)
      ? 'Run the program under tsx or on Node 22.18 or later, or pass the compiled module.'
      : 'Import the module directly to see the cause.';
    const error = new ValueError(
      `[${this.#operation}] ${this.#module.href} can't be loaded: ${reason}. ${fix}`,
    );
    if (stack !== undefined) error.cause = stack;
    this.#finish().reject?.(error);
  }

  #handleExit(code: number): void {
    this.alive = false;
    // What the worker sent before it ended may not have been delivered.
    for (let received = receiveMessageOnPort(this.#port); received; ) {
      this.#receive(received.message);
      received = receiveMessageOnPort(this.#port);
    }
    this.#port.close();
    const error = this.#error ?? `the worker ended with exit code ${code} before the trial had finished`;
    if (this.#stopped)
      this.#finish().reject?.(new StateError(`[${this.#operation}] the search was stopped.`));
    else if (!this.#ready) this.#failToStart(error);
    else {
      const seconds = Math.round(now() - this.#start) / 1000;
      this.#finish().settle?.({ error, seconds });
    }
  }

  /** Removes and returns the pending trial. */
  #finish(): Partial<PendingTrial> {
    clearTimeout(this.#timer);
    const pending = this.#pending ?? {};
    this.#pending = null;
    return pending;
  }
}
