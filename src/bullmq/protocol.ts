import type { Redis } from 'ioredis';
import type { TrialLimits } from '../node/search-workers.ts';
import { fields } from '../search/json.ts';
import type { TrialTask } from '../search/trial.ts';
import { codeId, type TrialCode } from './code.ts';

// What searches and workers have in common in Redis.

/** Begins all keys, those of BullMQ too. */
export const PREFIX = 'ndgrad';

/** The data of a job. */
export interface TrialJob {
  /** The search that added it. */
  readonly search: string;
  readonly task: TrialTask;
  readonly limits: TrialLimits;
}

/** How long a search is open after its last sign of life, in seconds. */
const LIFETIME = 60;

/** BullMQ's name of a queue. Only workers with the same code take its jobs. */
export const jobQueue = (queue: string, code: TrialCode): string => `${queue}-${codeId(code)}`;

/** The open searches of a queue, with any code. A search that has ended without saying so disappears after a minute. */
export class OpenSearches {
  readonly #client: Redis;
  readonly #queue: string;

  constructor(client: Redis, queue: string) {
    this.#client = client;
    this.#queue = queue;
  }

  /** Says that a search is open; to be repeated every few seconds. */
  async add(search: string, code: TrialCode): Promise<void> {
    await this.#client
      .multi()
      .sadd(this.#ids, search)
      .set(this.#key(search), JSON.stringify(code), 'EX', LIFETIME)
      .exec();
  }

  async remove(search: string): Promise<void> {
    await this.#client.multi().srem(this.#ids, search).del(this.#key(search), this.#refusal(search)).exec();
  }

  async has(search: string): Promise<boolean> {
    return (await this.#client.exists(this.#key(search))) === 1;
  }

  async list(): Promise<ReadonlyMap<string, TrialCode>> {
    const ids = await this.#client.smembers(this.#ids);
    const found = new Map<string, TrialCode>();
    if (ids.length === 0) return found;
    const texts = await this.#client.mget(ids.map((id) => this.#key(id)));
    for (const [i, id] of ids.entries()) {
      const code = readTrialCode(texts[i] ?? null);
      if (code !== null) found.set(id, code);
      else await this.#client.srem(this.#ids, id);
    }
    return found;
  }

  /** Tells a search that a worker has other code. */
  async refuse(search: string, reason: string): Promise<void> {
    await this.#client.set(this.#refusal(search), reason, 'EX', LIFETIME * 60);
  }

  /** The last refusal of a worker; null without one. */
  refusal(search: string): Promise<string | null> {
    return this.#client.get(this.#refusal(search));
  }

  get #ids(): string {
    return `${PREFIX}:${this.#queue}:searches`;
  }

  #key(search: string): string {
    return `${PREFIX}:${this.#queue}:search:${search}`;
  }

  #refusal(search: string): string {
    return `${PREFIX}:${this.#queue}:refusal:${search}`;
  }
}

function readTrialCode(text: string | null): TrialCode | null {
  if (text === null) return null;
  const { ndgrad, files } = fields(JSON.parse(text)) ?? {};
  return typeof ndgrad === 'string' && fields(files) !== null ? JSON.parse(text) : null;
}
