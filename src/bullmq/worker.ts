import type { Job, Worker } from 'bullmq';
import { StateError } from '../ir/errors.ts';
import { openWorkers } from '../node/search-workers.ts';
import { decodeOutcome, encodeOutcome } from '../search/outcome-json.ts';
import { outcomeLine } from '../search/progress.ts';
import type { TrialSession } from '../search/trial.ts';
import { errorMessage } from '../util/error-message.ts';
import { clearTimeout, MAX_DELAY, setTimeout } from '../util/timers.ts';
import { codeId, differences, readCode, type TrialCode } from './code.ts';
import { loadPeers, type Peers } from './peers.ts';
import { jobQueue, OpenSearches, PREFIX, type TrialJob } from './protocol.ts';
import { RedisLink } from './redis-link.ts';

/** The name of the program, for errors. */
export const PROGRAM = 'ndgrad-search-worker';

/** How often the worker looks which searches are open, in seconds. */
const CHECK_INTERVAL = 2;

/** How often a job may lose its worker for BullMQ: the search has a limit of its own. */
const MAX_LOSSES = 1_000_000_000;

export interface WorkerSettings {
  readonly module: URL;
  /** The number of trials at the same time. */
  readonly concurrency: number;
  /** The address of Redis. */
  readonly connection: string;
  readonly queue: string;
  /** After so long without a sign of life from a worker, its trials are given to others. */
  readonly leaseSeconds: number;
  /** How long running trials may go on after `stop`. */
  readonly graceSeconds: number;
  readonly redisTimeoutSeconds: number;
  readonly log: (line: string) => void;
}

/** Why a trial is stopped: its search has ended, another worker has got it, or this worker ends. */
type Stop = 'ended' | 'lost' | 'returned';

/** A thread that has loaded the module, for one trial at a time. */
interface TrialThread {
  readonly limits: string;
  readonly session: TrialSession;
}

interface RunningTrial extends TrialThread {
  readonly search: string;
  stop: Stop | null;
}

/** The result of a job whose trial was stopped or not begun. */
const DROPPED = {};

/** Runs trials from a queue, in threads, so that this one can renew the locks of its jobs. */
export class SearchWorker {
  readonly #settings: WorkerSettings;
  readonly #code: TrialCode;
  readonly #running = new Map<string, RunningTrial>();
  readonly #idle: TrialThread[] = [];
  readonly #jobs = new Set<Promise<unknown>>();
  #peers: Peers | undefined;
  #link: RedisLink | undefined;
  #searches: OpenSearches | undefined;
  #worker: Worker | undefined;
  #stopping = false;
  #failure: unknown = null;
  #grace: ReturnType<typeof setTimeout> | undefined;

  /** @throws ValueError if the module cannot be read. */
  constructor(settings: WorkerSettings) {
    this.#settings = settings;
    this.#code = readCode(PROGRAM, settings.module);
  }

  /**
   * Runs trials until `stop` is called.
   *
   * @throws StateError if a package is missing, Redis does not answer or all open searches have other code. @throws
   *   ValueError if the module cannot be loaded. Running trials are given back.
   */
  async run(): Promise<void> {
    try {
      await this.#open();
      while (!this.#stopping) {
        await this.#link!.sleep(CHECK_INTERVAL);
        if (!this.#stopping) await this.#link!.answer(() => this.#checkSearches());
      }
    } catch (error) {
      this.#fail(error);
    }
    try {
      await this.#close();
    } catch (error) {
      this.#fail(error);
    }
    if (this.#failure !== null) throw this.#failure;
  }

  /** Takes no more trials, and ends after the running ones; they are given back if they take too long, or at the second call. */
  stop(): void {
    const again = this.#stopping;
    const { graceSeconds, log } = this.#settings;
    this.#stop();
    if (again || graceSeconds === 0) this.#giveBack();
    if (again || graceSeconds === 0 || this.#running.size === 0) return;
    const trials = this.#running.size === 1 ? '1 trial' : `${this.#running.size} trials`;
    log(`ends after ${trials}, at most ${graceSeconds} s`);
    this.#grace = setTimeout(() => this.#giveBack(), Math.min(graceSeconds * 1000, MAX_DELAY));
  }

  async #open(): Promise<void> {
    const { connection, queue, redisTimeoutSeconds, concurrency, leaseSeconds, log } = this.#settings;
    this.#peers = await loadPeers(PROGRAM);
    this.#link = new RedisLink(PROGRAM, this.#peers, connection, redisTimeoutSeconds);
    this.#searches = new OpenSearches(this.#link.client, queue);
    await this.#link.answer(() => this.#checkSearches());
    if (this.#stopping) return;
    const worker = new this.#peers.bullmq.Worker(
      jobQueue(queue, this.#code),
      (job, token) => this.#track(this.#process(job, token!)),
      {
        connection: this.#link.client,
        prefix: PREFIX,
        concurrency,
        lockDuration: leaseSeconds * 1000,
        stalledInterval: leaseSeconds * 1000,
        maxStalledCount: MAX_LOSSES,
        runRetryDelay: 1000,
      },
    );
    this.#worker = worker;
    worker.on('error', (error) => {
      const message = errorMessage(error);
      // `link` reports lost connections, and the line of a trial says that another worker has it.
      if (this.#link?.ready && !/\block\b|^Missing key/i.test(message)) log(message);
    });
    worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) this.#stopTrial(id, 'lost');
    });
    worker.on('completed', (job, result) => {
      // A dropped trial; its search may not exist any more.
      if (decodeOutcome(result) === null) job.remove().catch(() => {});
    });
    await this.#link.answer(() => worker.waitUntilReady());
    log(`waits for trials of the queue '${queue}' at ${this.#link.address}, ${concurrency} at a time`);
  }

  /** Stops the trials of searches that have ended. @throws StateError if the open searches have other code. */
  async #checkSearches(): Promise<void> {
    const open = await this.#searches!.list();
    for (const [id, { search }] of this.#running) if (!open.has(search)) this.#stopTrial(id, 'ended');
    const own = codeId(this.#code);
    const others = [...open].filter(([, code]) => codeId(code) !== own);
    const [first] = others;
    if (first === undefined || others.length < open.size) return;
    const reason = `the search of the queue '${this.#settings.queue}' has ${differences(first[1], this.#code)}.`;
    await Promise.all(others.map(([search]) => this.#searches!.refuse(search, reason)));
    throw new StateError(
      `[${PROGRAM}] ${reason} Start the worker with the same ndgrad and the same files, or pass another --queue to both.`,
    );
  }

  /** Remembers the job, so that the end of this worker waits for it. */
  async #track<T>(job: Promise<T>): Promise<T> {
    this.#jobs.add(job);
    try {
      return await job;
    } finally {
      this.#jobs.delete(job);
    }
  }

  async #process(job: Job, token: string): Promise<object> {
    const { search, task } = job.data as TrialJob;
    let isOpen = true;
    if (!this.#stopping) {
      try {
        isOpen = await this.#link!.answer(() => this.#searches!.has(search));
        this.#checkFiles();
      } catch (error) {
        this.#fail(error);
      }
    }
    if (this.#stopping) return this.#return(job, token);
    if (!isOpen) return DROPPED;
    const running = this.#start(job.data as TrialJob);
    this.#running.set(job.id!, running);
    const { log } = this.#settings;
    try {
      const outcome = await running.session.run(task);
      // It may have been stopped in the meantime.
      if (running.stop === null) this.#idle.push(running);
      log(outcomeLine(task, outcome));
      return encodeOutcome(outcome);
    } catch (error) {
      const { stop } = running;
      if (stop === 'ended') log(`trial ${task.trial} stopped: its search has ended`);
      if (stop === 'lost') log(`trial ${task.trial} stopped: another worker has it`);
      if (stop === 'ended' || stop === 'lost') return DROPPED;
      if (stop === null) this.#fail(error);
      log(`trial ${task.trial} given back`);
      return this.#return(job, token);
    } finally {
      this.#running.delete(job.id!);
    }
  }

  /** @throws StateError if the files are not those that this worker has told. */
  #checkFiles(): void {
    if (codeId(readCode(PROGRAM, this.#settings.module)) === codeId(this.#code)) return;
    throw new StateError(`[${PROGRAM}] the files of the module have changed. Start the worker again.`);
  }

  /** Puts a job back at the head of the queue. */
  async #return(job: Job, token: string): Promise<never> {
    // If that fails, another worker gets it when the lease has ended.
    await this.#link!.answer(() => job.moveToWait(token)).catch(() => {});
    throw new this.#peers!.bullmq.WaitingError();
  }

  /** A trial in a thread with its limits. */
  #start({ search, limits }: TrialJob): RunningTrial {
    const key = JSON.stringify(limits);
    const i = this.#idle.findIndex((idle) => idle.limits === key);
    if (i >= 0) return { ...this.#idle.splice(i, 1)[0]!, search, stop: null };
    // Threads with other limits would stay in memory.
    for (const { session } of this.#idle.splice(0)) void session.close();
    const session = openWorkers(PROGRAM, this.#settings.module, 1, limits);
    return { search, limits: key, session, stop: null };
  }

  #stopTrial(id: string, stop: Stop): void {
    const running = this.#running.get(id);
    if (running === undefined || running.stop !== null) return;
    running.stop = stop;
    void running.session.close();
  }

  #giveBack(): void {
    for (const id of this.#running.keys()) this.#stopTrial(id, 'returned');
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#stop();
    this.#giveBack();
  }

  #stop(): void {
    this.#stopping = true;
    this.#link?.wake();
  }

  /** BullMQ's workers write this key at any time, also after the last search has removed it. */
  async #removeMeta(worker: Worker): Promise<void> {
    const codes = [...(await this.#searches!.list()).values()].map(codeId);
    if (!codes.includes(codeId(this.#code))) await this.#link!.client.del(worker.toKey('meta'));
  }

  async #close(): Promise<void> {
    const [link, worker] = [this.#link, this.#worker];
    try {
      // It takes no more jobs and waits for the running ones, whose results it sends.
      const closed = worker?.close();
      while (this.#jobs.size > 0) await Promise.allSettled(this.#jobs);
      if (worker === undefined) return;
      await link!.answer(() => closed!);
      await link!.answer(() => this.#removeMeta(worker));
    } finally {
      clearTimeout(this.#grace);
      await Promise.all(this.#idle.map(({ session }) => session.close()));
      link?.close();
    }
  }
}
