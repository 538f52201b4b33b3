import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Job, Queue, QueueEvents } from 'bullmq';
import { StateError, ValueError } from '../ir/errors.ts';
import { isJson } from '../search/json.ts';
import { decodeOutcome } from '../search/outcome-json.ts';
import type { TrialOutcome, TrialSession, TrialTask } from '../search/trial.ts';
import { now } from '../util/timers.ts';
import { codeId, readCode, type TrialCode } from './code.ts';
import { type BullmqOptions, QUEUE, REDIS_TIMEOUT, redisUrl } from './options.ts';
import { loadPeers } from './peers.ts';
import { jobQueue, OpenSearches, PREFIX, type TrialJob } from './protocol.ts';
import { RedisLink } from './redis-link.ts';

/** How often the search looks for what it was not told, in seconds. */
const CHECK_INTERVAL = 5;

/** A trial that was asked for and has no result yet. */
interface PendingTrial {
  readonly task: TrialTask;
  readonly resolve: (outcome: TrialOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** The connections of a search. */
interface Connections {
  readonly link: RedisLink;
  readonly searches: OpenSearches;
  readonly queue: Queue;
  readonly events: QueueEvents;
}

/** The trials of one search as jobs of a queue. */
export class QueueSession implements TrialSession {
  /** All trials of a round are added at once. */
  readonly concurrency = Number.POSITIVE_INFINITY;
  readonly #module: URL;
  readonly #code: TrialCode;
  readonly #options: BullmqOptions;
  readonly #name: string;
  readonly #id = randomUUID();
  readonly #pending = new Map<string, PendingTrial>();
  #link: RedisLink | undefined;
  #connecting: Promise<Connections> | undefined;
  #connected = false;
  /** Why no further trials can run. */
  #end: Error | null = null;
  #closing: Promise<void> | undefined;
  /** When a worker was connected, or the search began to wait for one. */
  #workerSeen = 0;

  constructor(module: URL, options: BullmqOptions) {
    this.#module = module;
    this.#code = readCode('bullmq', module);
    this.#options = options;
    this.#name = options.queue ?? QUEUE;
  }

  run(task: TrialTask): Promise<TrialOutcome> {
    return new Promise((resolve, reject) => {
      if (this.#end !== null) throw this.#end;
      for (const [name, value] of Object.entries(task.parameters)) {
        if (isJson(value)) continue;
        throw new ValueError(
          `[bullmq] got ${Object.is(value, -0) ? '-0' : String(value)} as '${name}' of trial ${task.trial}, wanted a value that JSON can represent.`,
        );
      }
      const id = `${this.#id}-${task.trial}-${task.epochs}`;
      this.#pending.set(id, { task, resolve, reject });
      this.#connecting ??= this.#connect();
      this.#connecting
        .then((to) => to.link.answer(() => this.#add(to, id)))
        .catch((error) => this.#fail(error));
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #connect(): Promise<Connections> {
    const peers = await loadPeers('bullmq');
    if (this.#end !== null) throw this.#end;
    const { connection = redisUrl(), redisTimeoutSeconds = REDIS_TIMEOUT } = this.#options;
    const link = new RedisLink('bullmq', peers, connection, redisTimeoutSeconds);
    this.#link = link;
    const searches = new OpenSearches(link.client, this.#name);
    await link.answer(() => searches.add(this.#id, this.#code));
    const options = { connection: link.client, prefix: PREFIX };
    const queue = new peers.bullmq.Queue(jobQueue(this.#name, this.#code), options);
    const events = new peers.bullmq.QueueEvents(queue.name, options);
    // `link` reports lost connections.
    queue.on('error', () => {});
    events.on('error', () => {});
    const connections = { link, searches, queue, events };
    const settle = ({ jobId }: { jobId: string }): void => {
      link.answer(() => this.#check(connections, jobId)).catch((error) => this.#fail(error));
    };
    events.on('completed', settle);
    events.on('failed', settle);
    await link.answer(() => Promise.all([queue.waitUntilReady(), events.waitUntilReady()]));
    this.#connected = true;
    this.#workerSeen = now();
    this.#watch(connections).catch((error) => this.#fail(error));
    return connections;
  }

  /** Finds what was lost: jobs by a restart of Redis, messages by an interrupted connection. */
  async #watch(to: Connections): Promise<void> {
    while (this.#end === null) {
      await to.link.sleep(CHECK_INTERVAL);
      if (this.#end !== null) return;
      await to.link.answer(async () => {
        await to.searches.add(this.#id, this.#code);
        await Promise.all([...this.#pending.keys()].map((id) => this.#check(to, id)));
        await this.#checkWorkers(to);
      });
    }
  }

  async #add({ queue }: Connections, id: string): Promise<void> {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    const { timeoutSeconds, loadTimeoutSeconds, maxHeapMegabytes } = this.#options;
    const limits = { timeoutSeconds, loadTimeoutSeconds, maxHeapMegabytes };
    const data: TrialJob = { search: this.#id, task: pending.task, limits };
    // A job that exists stays as it is.
    await queue.add('trial', data, { jobId: id });
  }

  /** Settles a trial if its job has finished, and adds a job again that does not exist. */
  async #check(to: Connections, id: string): Promise<void> {
    if (!this.#pending.has(id)) return;
    const job: Job | undefined = await to.queue.getJob(id);
    // A trial counts once, also if several workers have run it.
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    if (job === undefined) return this.#add(to, id);
    if (job.failedReason)
      throw new StateError(
        `[bullmq] a worker could not run trial ${pending.task.trial}: ${job.failedReason}.`,
      );
    if (job.finishedOn === undefined) return this.#checkLosses(job, pending.task);
    const outcome = decodeOutcome(job.returnvalue);
    if (outcome !== null) {
      this.#pending.delete(id);
      pending.resolve(outcome);
    }
    await to.queue.remove(id);
    // A worker drops a trial if it finds that the search is not open, as after a restart of Redis.
    if (outcome === null) await this.#add(to, id);
  }

  #checkLosses({ stalledCounter }: Job, { trial }: TrialTask): void {
    const { maxLostWorkers = 10 } = this.#options;
    if (stalledCounter < maxLostWorkers) return;
    throw new StateError(
      `[bullmq] trial ${trial} has lost ${stalledCounter} workers, at most ${maxLostWorkers - 1} are allowed. ` +
        'See whether it needs too much memory, or raise maxLostWorkers.',
    );
  }

  async #checkWorkers({ queue, searches, link }: Connections): Promise<void> {
    const { workerTimeoutSeconds: limit } = this.#options;
    if (limit === undefined) return;
    if (this.#pending.size === 0 || (await queue.getWorkersCount()) > 0) this.#workerSeen = now();
    if (now() - this.#workerSeen < limit * 1000) return;
    const refusal = await searches.refusal(this.#id);
    throw new StateError(
      `[bullmq] got no worker for ${limit} s, wanted one for the queue '${this.#name}' at ${link.address}. ` +
        (refusal === null ? '' : `One has refused: ${refusal} `) +
        `Start one: npx ndgrad-search-worker ${basename(fileURLToPath(this.#module))}.`,
    );
  }

  #fail(error: Error): void {
    this.#end ??= error;
    for (const { reject } of this.#pending.values()) reject(this.#end);
    this.#pending.clear();
  }

  async #close(): Promise<void> {
    this.#fail(new StateError('[bullmq] the search has ended.'));
    // What waits for a connection ends here.
    if (!this.#connected) this.#link?.close();
    const to = await this.#connecting?.catch(() => null);
    if (to == null) return this.#link?.close();
    const { link, queue, events } = to;
    // Without a connection the keys stay. Workers drop the trials when they find that the search is not open.
    if (link.ready) await link.answer(() => this.#clean(to)).catch(() => {});
    const closed = Promise.all([events.close(), queue.close()]).catch(() => {});
    if (link.ready) await closed;
    link.close();
  }

  /** Removes all keys of the queue, unless another search uses it: then the jobs that no worker is running. */
  async #clean({ searches, queue }: Connections): Promise<void> {
    await searches.remove(this.#id);
    const id = codeId(this.#code);
    const others = [...(await searches.list()).values()].filter((code) => codeId(code) === id);
    if (others.length === 0) return queue.obliterate({ force: true });
    const jobs = await queue.getJobs(['waiting', 'completed', 'failed']);
    const own = jobs.filter((job) => (job?.data as TrialJob | undefined)?.search === this.#id);
    await Promise.all(own.map((job) => queue.remove(job.id!)));
  }
}
