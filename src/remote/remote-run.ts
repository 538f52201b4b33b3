import { describe, refusal } from '../ir/arguments.ts';
import { StateError, ValueError } from '../ir/errors.ts';
import type { History } from '../train/history.ts';
import { errorMessage } from '../util/error-message.ts';
import { errorOf } from './error-report.ts';
import {
  type Commands,
  type Connection,
  envelope,
  opened,
  type Request,
  type Response,
  responses,
} from './messages.ts';
import { PageCallbacks } from './page-callbacks.ts';
import type { RemoteTraining, TrainInWorkerOptions } from './remote-training.ts';

/** How a training has ended. */
type Outcome = { readonly error?: unknown };

interface PendingCommand {
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

let runs = 0;

/** The page's side of one training. */
export class RemoteRun implements RemoteTraining {
  readonly result: Promise<History>;
  readonly #connection: Connection;
  readonly #run = ++runs;
  readonly #options: TrainInWorkerOptions;
  readonly #callbacks: PageCallbacks;
  readonly #commands = new Map<number, PendingCommand>();
  #commandCount = 0;
  #unlisten: (() => void) | null = null;
  #started = false;
  /** Commands for the worker, until it is ready. */
  readonly #early: Request[] = [];
  /** Why the worker can't answer any more. */
  #lost: StateError | null = null;
  #outcome: Outcome | null = null;
  #settled = false;
  #settle!: { resolve: (history: History) => void; reject: (error: unknown) => void };
  /** Handles one event after the other. */
  #queue: Promise<void> = Promise.resolve();

  constructor(connection: Connection, options: TrainInWorkerOptions) {
    this.#connection = connection;
    this.#options = options;
    const { callbacks = [], signal } = options;
    this.#callbacks = new PageCallbacks(
      callbacks,
      (reason) => {
        // If the worker has ended, `result` says so.
        this.stop(reason).catch(() => {});
      },
      () => this.#command('values'),
    );
    this.result = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    if (signal?.aborted) {
      this.#end({ error: signal.reason });
      return;
    }
    signal?.addEventListener('abort', this.#abort);
    this.#listen();
    this.#post({ kind: 'hello' });
  }

  pause(): Promise<void> {
    return this.#command('pause');
  }

  resume(): Promise<void> {
    return this.#command('resume');
  }

  async step(batches = 1): Promise<void> {
    if (!Number.isSafeInteger(batches) || batches < 1)
      throw refusal('step', 'batches', batches, 'a whole number of at least 1');
    await this.#command('step', batches);
  }

  async stop(reason = 'stop was called'): Promise<void> {
    if (typeof reason !== 'string') throw refusal('stop', 'reason', reason, 'a string');
    await this.#command('stop', reason);
  }

  async setLearningRate(rate: number): Promise<void> {
    if (!(Number.isFinite(rate) && rate >= 0))
      throw refusal('setLearningRate', 'rate', rate, 'a finite number from 0 up');
    await this.#command('setLearningRate', rate);
  }

  weights(): Promise<Uint8Array> {
    return this.#command('weights');
  }

  #command<K extends keyof Commands>(
    name: K,
    ...[argument]: Parameters<Commands[K]>
  ): Promise<ReturnType<Commands[K]>> {
    if (this.#lost !== null) return Promise.reject(this.#lost);
    if (this.#outcome !== null && !this.#started) return Promise.reject(this.#outcome.error);
    const id = ++this.#commandCount;
    return new Promise((resolve, reject) => {
      this.#commands.set(id, { resolve, reject });
      const command: Request = { kind: 'command', id, name, argument };
      if (!this.#started) {
        this.#early.push(command);
        return;
      }
      this.#listen();
      this.#post(command);
    });
  }

  /** While something is expected. Afterwards errors of the worker are the program's own. */
  #listen(): void {
    this.#unlisten ??= this.#connection.listen(
      (data) => this.#receive(data),
      (reason) => this.#lose(reason),
    );
  }

  #unlistenIfIdle(): void {
    if (!this.#settled || this.#commands.size > 0) return;
    this.#unlisten?.();
    this.#unlisten = null;
  }

  #receive(data: unknown): void {
    const response = opened<Response>(data, responses);
    if (response === null || response === 'version') {
      const got =
        response === null ? `${describe(data)} from the worker` : 'a message of another version of ndgrad';
      this.#lose(
        `got ${got}, wanted messages of serveTraining. Send your own through a MessageChannel, and use one version of ndgrad on both sides`,
      );
    } else if (response.content.kind === 'ready') this.#start(response.content.lock);
    else if (response.run === this.#run) this.#handle(response.content);
  }

  /** Starts when the worker says that it is ready, which it may do several times. */
  #start(lock: string | null): void {
    if (this.#started || this.#outcome !== null) return;
    if (lock !== null) this.#connection.ended?.(lock).then(() => this.#lose('the worker was terminated'));
    const { message } = this.#options;
    try {
      this.#post({ kind: 'start', message, wantsBatches: this.#callbacks.wantsBatches });
      this.#started = true;
      for (const request of this.#early.splice(0)) this.#post(request);
    } catch (error) {
      const reason = errorMessage(error);
      this.#end({
        error: new ValueError(
          `[trainInWorker] got a message that can't be copied (${reason}), wanted plain data and typed arrays.`,
        ),
      });
    }
  }

  #handle(content: Exclude<Response, { kind: 'ready' }>): void {
    switch (content.kind) {
      case 'answer':
      case 'refusal': {
        const command = this.#commands.get(content.id);
        this.#commands.delete(content.id);
        if (content.kind === 'answer') command?.resolve(content.value as never);
        else command?.reject(errorOf(content.error));
        this.#unlistenIfIdle();
        return;
      }
      case 'event':
        this.#enqueue(async () => {
          if (this.#outcome !== null) return;
          const results = await this.#callbacks.handle(content.event);
          this.#post({ kind: 'handled', ...(results && { results }) });
        });
        return;
      case 'done':
        this.#enqueue(async () => {
          this.#callbacks.setHistory(content.history);
          this.#end({});
        });
        return;
      case 'failed':
        this.#enqueue(async () => this.#end({ error: errorOf(content.error) }));
    }
  }

  readonly #abort = (): void => {
    this.#post({ kind: 'abort' });
    this.#end({ error: this.#options.signal?.reason });
  };

  /** The worker has failed or ended. */
  #lose(reason: string): void {
    // The end of the worker follows its error.
    if (this.#lost !== null) return;
    this.#lost = new StateError(`[trainInWorker] ${reason}.`);
    this.#post({ kind: 'abort' });
    this.#end({ error: this.#lost });
    this.#refuseCommands(this.#lost);
  }

  #refuseCommands(error: unknown): void {
    for (const { reject } of this.#commands.values()) reject(error);
    this.#commands.clear();
    this.#unlistenIfIdle();
  }

  /** Runs after what has come before. An error of a callback ends training. */
  #enqueue(work: () => Promise<void>): void {
    this.#queue = this.#queue.then(work).catch((error: unknown) => {
      this.#post({ kind: 'abort' });
      this.#end({ error });
    });
  }

  /** The first outcome counts. */
  #end(outcome: Outcome): void {
    if (this.#outcome !== null) return;
    this.#outcome = outcome;
    this.#options.signal?.removeEventListener('abort', this.#abort);
    if (!this.#started) this.#refuseCommands(outcome.error);
    this.#queue = this.#queue.then(async () => {
      const failed = 'error' in outcome;
      let result = outcome;
      try {
        await this.#callbacks.end(...(failed ? [outcome.error] : []));
      } catch (error) {
        // The first error is the one to report.
        if (!failed) result = { error };
      }
      if ('error' in result) this.#settle.reject(result.error);
      else this.#settle.resolve(this.#callbacks.history);
      this.#settled = true;
      this.#unlistenIfIdle();
    });
  }

  #post(request: Request): void {
    this.#connection.post(envelope(this.#run, request));
  }
}
