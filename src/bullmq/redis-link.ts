import type { Redis } from 'ioredis';
import { StateError } from '../ir/errors.ts';
import { errorMessage } from '../util/error-message.ts';
import { clearTimeout, MAX_DELAY, setTimeout } from '../util/timers.ts';
import type { RedisConnection } from './options.ts';
import type { Peers } from './peers.ts';

/** The longest wait between two attempts to connect, in milliseconds. */
const MAX_RETRY_DELAY = 1000;

/** A connection to Redis that is made again when it is lost, but not without end. */
export class RedisLink {
  readonly client: Redis;
  /** Host, port and database, without a password. */
  readonly address: string;
  readonly #operation: string;
  readonly #timeoutSeconds: number;
  /** Rejects the calls of `answer` that wait. */
  readonly #waiting = new Set<(error: Error) => void>();
  /** Ends the calls of `sleep`. */
  readonly #sleeping = new Set<() => void>();
  #lastError: string | null = null;
  /** Why it does not work any more. */
  #failure: Error | null = null;

  constructor(
    operation: string,
    { ioredis }: Peers,
    connection: string | RedisConnection,
    timeoutSeconds: number,
  ) {
    this.#operation = operation;
    this.#timeoutSeconds = timeoutSeconds;
    const own = {
      // BullMQ wants it. `answer` has a limit of its own.
      maxRetriesPerRequest: null,
      // BullMQ's copies of the client have this function too.
      retryStrategy: (times: number) =>
        this.#failure === null ? Math.min(100 * times, MAX_RETRY_DELAY) : null,
    };
    this.client =
      typeof connection === 'string'
        ? new ioredis.Redis(connection, own)
        : new ioredis.Redis({ ...(connection as object), ...own });
    const { host, port, db, path } = this.client.options;
    this.address = path ?? `${host}:${port}${db ? `/${db}` : ''}`;
    this.client.on('error', (error: Error) => this.#receiveError(error));
    this.client.on('ready', () => this.wake());
  }

  /** Whether Redis can be asked without waiting for a connection. */
  get ready(): boolean {
    return this.#failure === null && this.client.status === 'ready';
  }

  /**
   * The result of commands.
   *
   * @throws StateError if it takes longer than the time limit, or Redis refuses the connection or a command. After a time
   *   limit all further calls throw.
   */
  async answer<T>(commands: () => Promise<T>): Promise<T> {
    if (this.#failure !== null) throw this.#failure;
    const { promise: failed, reject } = rejectable();
    this.#waiting.add(reject);
    const timer = setTimeout(() => this.#fail(this.#unreachable()), delay(this.#timeoutSeconds));
    try {
      return await Promise.race([commands(), failed]);
    } catch (error) {
      if (error instanceof StateError) throw error;
      throw new StateError(`[${this.#operation}] Redis at ${this.address} refused: ${errorMessage(error)}.`, {
        cause: error,
      });
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(reject);
    }
  }

  /** Waits, at most until the connection has been made again or closed. */
  sleep(seconds: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#failure !== null) return resolve();
      const end = (): void => {
        clearTimeout(timer);
        this.#sleeping.delete(end);
        resolve();
      };
      const timer = setTimeout(end, delay(seconds));
      this.#sleeping.add(end);
    });
  }

  /** Calls of `answer` that wait reject. May be called again. */
  close(): void {
    this.#fail(new StateError(`[${this.#operation}] the connection to Redis was closed.`));
    this.client.disconnect();
  }

  /** Ends the calls of `sleep`. */
  wake(): void {
    for (const end of [...this.#sleeping]) end();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const reject of this.#waiting) reject(this.#failure);
    this.wake();
  }

  #receiveError(error: Error): void {
    this.#lastError = errorMessage(error) || String((error as { code?: unknown }).code ?? error.name);
    // Waiting does not help.
    if (!/^(?:WRONGPASS|NOAUTH|NOPERM)|invalid (?:username-password|password)/.test(this.#lastError)) return;
    const fix = 'Pass user and password in the address.';
    this.#fail(
      new StateError(`[${this.#operation}] Redis at ${this.address} refused: ${this.#lastError}. ${fix}`),
    );
  }

  #unreachable(): StateError {
    const reason = this.#lastError === null ? '' : ` (${this.#lastError})`;
    return new StateError(
      `[${this.#operation}] got no answer from Redis at ${this.address} for ${this.#timeoutSeconds} s${reason}. ` +
        'Start Redis, or pass its address.',
    );
  }
}

const delay = (seconds: number): number => Math.min(seconds * 1000, MAX_DELAY);

function rejectable(): { readonly promise: Promise<never>; readonly reject: (error: Error) => void } {
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<never>((_, no) => {
    reject = no;
  });
  promise.catch(() => {});
  return { promise, reject };
}
