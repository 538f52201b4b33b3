import { checkOptions, checkWhole, isRecord, type Known, refusal } from '../ir/arguments.ts';
import type { TrialLimits } from '../node/search-workers.ts';

/** Where Redis is: the options of ioredis's class `Redis`, of which these are the ones that are needed most. */
export interface RedisConnection {
  /** 127.0.0.1 by default. */
  readonly host?: string;
  /** 6379 by default. */
  readonly port?: number;
  readonly username?: string;
  readonly password?: string;
  /** The number of the database; 0 by default. */
  readonly db?: number;
  /** Options of Node's `tls.connect`, for a connection with TLS. */
  readonly tls?: object;
  readonly [option: string]: unknown;
}

/** Options of `bullmq`. */
export interface BullmqOptions extends TrialLimits {
  /**
   * The address of Redis, such as 'redis://user:password@host:6379/0' ('rediss://' for TLS), or options of ioredis. By
   * default the environment variable REDIS_URL, or 'redis://127.0.0.1:6379'.
   */
  readonly connection?: string | RedisConnection | undefined;
  /** The name of the queue, which the workers have too: letters, digits, '-', '_' and '.'. 'search' by default. */
  readonly queue?: string | undefined;
  /** The search rejects if Redis does not answer for so long, at the beginning or later; 30 by default. */
  readonly redisTimeoutSeconds?: number | undefined;
  /**
   * The search rejects if it waits for trials and no worker with the same code has been connected for so long. By default
   * it waits without end.
   */
  readonly workerTimeoutSeconds?: number | undefined;
  /**
   * The search rejects if a trial has lost so many workers, since it may be the cause: a process that needs too much
   * memory is killed by the system. 10 by default.
   */
  readonly maxLostWorkers?: number | undefined;
}

const known: Known<BullmqOptions> = {
  connection: 0,
  queue: '',
  redisTimeoutSeconds: 0,
  workerTimeoutSeconds: 0,
  maxLostWorkers: 0,
  timeoutSeconds: 0,
  loadTimeoutSeconds: 0,
  maxHeapMegabytes: 0,
};

/** The default name of the queue, of the search and of its workers. */
export const QUEUE = 'search';

/** The default of `redisTimeoutSeconds`. */
export const REDIS_TIMEOUT = 30;

/** The default address of Redis. */
export const redisUrl = (): string => process.env.REDIS_URL || 'redis://127.0.0.1:6379';

/** @throws ValueError for wrong options. */
export function checkBullmqOptions(operation: string, options: BullmqOptions): void {
  checkOptions(operation, options, known);
  const { connection = redisUrl(), queue = QUEUE, maxLostWorkers = 1, ...numbers } = options;
  checkConnection(operation, connection);
  checkQueue(operation, queue);
  checkWhole(operation, 'maxLostWorkers', maxLostWorkers, 1);
  for (const [name, value] of Object.entries(numbers)) {
    if (value !== undefined && !(Number.isFinite(value) && value > 0))
      throw refusal(operation, name, value, 'a finite number above 0');
  }
}

export function checkConnection(operation: string, connection: unknown): void {
  // The address may contain a password, so it is not in the error.
  if (typeof connection === 'string') {
    if (/^rediss?:\/\//.test(connection) && URL.canParse(connection)) return;
    throw refusal(operation, 'connection', 'another string', "an address such as 'redis://127.0.0.1:6379'");
  }
  if (!isRecord(connection)) {
    throw refusal(operation, 'connection', connection, "'redis://127.0.0.1:6379' or { host, port, ... }");
  }
  if (connection.keyPrefix !== undefined)
    throw refusal(operation, 'keyPrefix', connection.keyPrefix, 'none. Use the option queue');
}

export function checkQueue(operation: string, queue: string): void {
  if (!/^[\w.-]+$/.test(queue))
    throw refusal(operation, 'queue', queue, "a name of letters, digits, '-', '_' and '.'");
}
