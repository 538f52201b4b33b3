import { StateError } from '../../ir/errors.ts';
import { errorMessage } from '../../util/error-message.ts';
import { yieldToEventLoop } from '../../util/event-loop.ts';
import { processorCount } from '../../util/node-modules.ts';
import { clearTimeout, now, setTimeout } from '../../util/timers.ts';
import { type StartWorker, startWorker, type WorkerHandle } from '../../util/worker.ts';
import { type Chunk, noise, resample, smooth, transformChunk } from './transform.ts';
import { type WorkerAnswer, workerSource } from './worker-source.ts';

const functions = { noise, smooth, resample };

/** Transforms a chunk on the calling thread. */
export const transformHere = (chunk: Chunk): Float32Array => transformChunk(chunk, functions);

/** The platform that runs workers; tests replace it. */
export interface WorkerHost {
  /** The number of processors that this process may use. */
  readonly processors: number;
  readonly start: StartWorker;
}

export const currentHost = (): WorkerHost => ({ processors: processorCount(), start: startWorker });

/** Times in milliseconds. */
export interface Timeouts {
  /** How long a caller waits for an answer before the worker counts as failed. */
  readonly answer: number;
  /** Added to `answer` for each value that the worker still has to compute. */
  readonly perValue: number;
  /** How long an idle worker is kept. */
  readonly idle: number;
}

/**
 * Idle workers are kept for one second, so that validation between two epochs does not end them: a new one takes about
 * 30 ms to start.
 */
export const defaultTimeouts: Timeouts = { answer: 60_000, perValue: 0.02, idle: 1000 };

/** The id of the chunk that tests a new worker. */
const PROBE = 0;

interface Job {
  readonly values: number;
  /** Called with null if the worker could not start. */
  readonly resolve: (pixels: Float32Array | null) => void;
  readonly reject: (error: Error) => void;
}

/** A small chunk that uses every transform function. A new worker must give the same result as this thread. */
function probe(): Chunk {
  return {
    pixels: Float32Array.from({ length: 2 * 3 * 2 * 2 }, (_, i) => (i * 7) % 5),
    height: 3,
    width: 2,
    channels: 2,
    fill: 0.5,
    transforms: Float64Array.of(1, 0, 0, 0, 1, 0, 0.9, 0.2, 0.3, -0.2, 1.1, -0.4),
    elastic: {
      alpha: 1.5,
      weights: Float64Array.of(0, 0, 0, 0.25, 0.5, 0.25, 0, 0, 0),
      key: [1, 2, 3, 4],
      images: Uint32Array.of(5, 6),
    },
  };
}

/** A timer that is this many milliseconds late was suspended together with the process and its workers. */
const LATE = 500;

/** A worker and its pending chunks. */
class PoolWorker {
  readonly #worker: WorkerHandle;
  readonly #jobs = new Map<number, Job>();
  readonly #timeouts: Timeouts;
  readonly #onStartFailure: (message: string) => void;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  #count = 0;
  #ready = false;
  #ended = false;

  /** @throws if no worker can be started. */
  constructor(start: StartWorker, timeouts: Timeouts, onStartFailure: (message: string) => void) {
    this.#timeouts = timeouts;
    this.#onStartFailure = onStartFailure;
    this.#worker = start(workerSource(functions), {
      name: 'ndgrad augmentation',
      onMessage: (answer) => this.#receive(answer as WorkerAnswer),
      onEnd: (message) => this.#fail(message ?? 'it was stopped'),
    });
    this.#post(PROBE, probe());
  }

  get alive(): boolean {
    return !this.#ended;
  }

  /** The number of values that the worker still has to compute. */
  get load(): number {
    let load = 0;
    for (const { values } of this.#jobs.values()) load += values;
    return load;
  }

  /** Sends a chunk to the worker and transfers its arrays. */
  transform(chunk: Chunk): Promise<Float32Array | null> {
    if (this.#ended) return Promise.resolve(null);
    const id = ++this.#count;
    const values = chunk.pixels.length;
    const result = new Promise<Float32Array | null>((resolve, reject) => {
      this.#jobs.set(id, { values, resolve, reject });
    });
    this.#post(id, chunk);
    return result;
  }

  /** Waits for the result of `transform`. The timer keeps the process alive meanwhile; the worker does not. */
  async wait<T>(result: Promise<T>): Promise<T> {
    const { answer, perValue } = this.#timeouts;
    const timeout = answer + perValue * this.load;
    let settled = false;
    const settle = () => {
      settled = true;
    };
    result.then(settle, settle);
    let timer: ReturnType<typeof setTimeout>;
    const begin = (): void => {
      const due = now() + timeout;
      timer = setTimeout(async () => {
        const late = now() - due;
        await yieldToEventLoop(); // an answer may be queued that was not read while the thread was busy
        if (settled) return;
        if (late > LATE) begin();
        else this.#fail(`it has not answered for ${(timeout / 1000).toFixed(1)} s`);
      }, timeout);
    };
    begin();
    try {
      return await result;
    } finally {
      clearTimeout(timer!);
    }
  }

  /** Ends the worker after the idle timeout, unless `reuse` is called before. */
  release(): void {
    const timer = setTimeout(() => this.terminate(), this.#timeouts.idle);
    this.#idleTimer = timer;
    if (typeof timer === 'object') (timer as { unref?(): void }).unref?.(); // a number in browsers
  }

  reuse(): void {
    clearTimeout(this.#idleTimer);
  }

  terminate(): void {
    this.#ended = true;
    this.#jobs.clear();
    this.#worker.terminate();
  }

  #post(id: number, chunk: Chunk): void {
    const { pixels, transforms, elastic } = chunk;
    const arrays = [pixels, transforms, ...(elastic === null ? [] : [elastic.images])];
    this.#worker.post(
      { id, chunk },
      arrays.map(({ buffer }) => buffer as ArrayBuffer),
    );
  }

  #receive({ id, pixels, error }: WorkerAnswer): void {
    if (pixels === undefined) {
      this.#fail(error ?? 'its answer is empty');
    } else if (id === PROBE) {
      const wanted = transformHere(probe());
      this.#ready = pixels.every((value, i) => value === wanted[i]);
      if (!this.#ready) this.#fail('its results differ from those of the calling thread');
    } else {
      this.#jobs.get(id)?.resolve(pixels);
      this.#jobs.delete(id);
    }
  }

  /** Ends the worker after an error. If it was not ready yet, the calling thread does its work. */
  #fail(message: string): void {
    if (this.#ended) return;
    const jobs = [...this.#jobs.values()];
    this.terminate();
    if (!this.#ready) this.#onStartFailure(message);
    for (const { resolve, reject } of jobs) {
      if (!this.#ready) resolve(null);
      else {
        reject(
          new StateError(
            `[augmentImages] a worker has failed: ${message}. Pass workers: 0 to use none; the pixels are the same.`,
          ),
        );
      }
    }
  }
}

/** The workers of one pass through the data. */
export class PassWorkers {
  readonly workers: readonly PoolWorker[];

  constructor(workers: readonly PoolWorker[]) {
    this.workers = workers;
  }

  /**
   * Starts work on a chunk and returns a function that waits for the result. `make` makes the chunk; it is called again
   * if the calling thread has to do the work.
   */
  begin(make: () => Chunk): () => Promise<Float32Array> {
    const alive = this.workers.filter((worker) => worker.alive);
    const worker = alive.sort((p, q) => p.load - q.load)[0];
    if (worker === undefined) return async () => transformHere(make());
    const result = worker.transform(make());
    result.catch(() => {}); // the result may never be awaited
    return async () => (await worker.wait(result)) ?? transformHere(make());
  }
}

/** The workers of a source of batches. */
export class WorkerPool {
  readonly #start: StartWorker;
  readonly #count: number;
  readonly #timeouts: Timeouts;
  #idle: PoolWorker[] = [];
  #error: string | null = null;

  /** `count` is the number of workers for each pass; null is the default. */
  constructor(host: WorkerHost, count: number | null, timeouts: Timeouts = defaultTimeouts) {
    this.#start = host.start;
    this.#count = count ?? (host.processors > 1 ? 1 : 0);
    this.#timeouts = timeouts;
  }

  /** The number of workers for each pass. */
  get size(): number {
    return this.#count;
  }

  /** Why workers cannot start; null if none has failed to start. */
  get error(): string | null {
    return this.#error;
  }

  /** Workers for a pass, idle ones first. */
  open(): PassWorkers {
    this.#idle = this.#idle.filter((worker) => worker.alive);
    const workers = this.#idle.splice(0, this.#count);
    for (const worker of workers) worker.reuse();
    const onStartFailure = (message: string): void => {
      this.#error ??= message;
    };
    while (workers.length < this.#count && this.#error === null) {
      try {
        workers.push(new PoolWorker(this.#start, this.#timeouts, onStartFailure));
      } catch (error) {
        onStartFailure(errorMessage(error));
      }
    }
    return new PassWorkers(workers);
  }

  /** Ends a pass. If it is finished, its workers are kept for the next one until the idle timeout. */
  close({ workers }: PassWorkers, finished: boolean): void {
    if (!finished) {
      for (const worker of workers) worker.terminate();
      return;
    }
    for (const worker of workers) worker.release();
    this.#idle.push(...workers);
  }
}
