import { StateError } from '../../ir/errors.ts';
import { errorMessage } from '../../util/error-message.ts';
import { yieldToEventLoop } from '../../util/event-loop.ts';
import { processorCount } from '../../util/node-modules.ts';
import { type StartWorker, startWorker, type WorkerHandle } from '../../util/worker.ts';
import { type Chunk, noise, resample, smooth, transformChunk } from './kernel.ts';
import { type WorkerAnswer, workerSource } from './worker-source.ts';

const kernel = { noise, smooth, resample };

/** Transforms a chunk on the calling thread. */
export const transformHere = (chunk: Chunk): Float32Array => transformChunk(chunk, kernel);

/** Where workers run; tests replace it. */
export interface WorkerHost {
  /** The number of processors that this process may use. */
  readonly processors: number;
  readonly start: StartWorker;
}

export const currentHost = (): WorkerHost => ({ processors: processorCount(), start: startWorker });

/** Times in milliseconds. */
export interface Patience {
  /**
   * A worker that has not answered for so long while somebody waits is given up; and what is added for each
   * number that it has before it.
   */
  readonly answer: number;
  readonly perValue: number;
  /** Workers without work end after so long. */
  readonly idle: number;
}

/**
 * Idle workers live for a second, so that validation between two epochs does not end them: a new one takes
 * some 30 ms to start.
 */
const usualPatience: Patience = { answer: 10_000, perValue: 0.02, idle: 1000 };

/** What a worker is asked first. */
const PROBE = 0;

interface Job {
  readonly values: number;
  /** `null` where the worker could not start. */
  readonly resolve: (pixels: Float32Array | null) => void;
  readonly reject: (error: Error) => void;
}

/** A small chunk that uses all of the kernel; workers begin with it, and must find what it gives here. */
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

/** Milliseconds by which a timer is late only where the process was suspended, and its workers with it. */
const LATE = 500;

/** A worker and what it has been asked for. */
class PoolWorker {
  readonly #worker: WorkerHandle;
  readonly #jobs = new Map<number, Job>();
  readonly #patience: Patience;
  readonly #onRefusal: (message: string) => void;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #count = 0;
  #ready = false;
  #ended = false;

  /** @throws where no worker can be started. */
  constructor(start: StartWorker, patience: Patience, onRefusal: (message: string) => void) {
    this.#patience = patience;
    this.#onRefusal = onRefusal;
    this.#worker = start(workerSource(kernel), {
      name: 'ndgrad augmentation',
      onMessage: (answer) => this.#receive(answer as WorkerAnswer),
      onEnd: (message) => this.#end(message ?? 'it has been stopped'),
    });
    this.#post(PROBE, probe());
  }

  get alive(): boolean {
    return !this.#ended;
  }

  /** How many numbers the worker has before it. */
  get load(): number {
    let load = 0;
    for (const { values } of this.#jobs.values()) load += values;
    return load;
  }

  /** Hands a chunk to the worker; its arrays belong to the worker then. */
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

  /** Waits for what `transform` gave. The timer keeps the process alive as long; the worker does not. */
  async wait<T>(result: Promise<T>): Promise<T> {
    const { answer, perValue } = this.#patience;
    const patience = answer + perValue * this.load;
    let settled = false;
    const settle = () => {
      settled = true;
    };
    result.then(settle, settle);
    let timer: ReturnType<typeof setTimeout>;
    const begin = (): void => {
      const due = performance.now() + patience;
      timer = setTimeout(async () => {
        const late = performance.now() - due;
        await yieldToEventLoop(); // an answer may lie there that could not be read while the thread was busy
        if (settled) return;
        if (late > LATE) begin();
        else this.#end(`it has not answered for ${(patience / 1000).toFixed(1)} s`);
      }, patience);
    };
    begin();
    try {
      return await result;
    } finally {
      clearTimeout(timer!);
    }
  }

  /** Ends after a while, unless it is woken before. */
  rest(): void {
    const timer = setTimeout(() => this.terminate(), this.#patience.idle);
    this.#rest = timer;
    if (typeof timer === 'object') (timer as { unref?(): void }).unref?.(); // a number in browsers
  }

  wake(): void {
    clearTimeout(this.#rest);
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

  #receive({ id, pixels, fault }: WorkerAnswer): void {
    if (pixels === undefined) {
      this.#end(fault ?? 'its answer is empty');
    } else if (id === PROBE) {
      const wanted = transformHere(probe());
      this.#ready = pixels.every((value, i) => value === wanted[i]);
      if (!this.#ready) this.#end('its results differ from those of the calling thread');
    } else {
      this.#jobs.get(id)?.resolve(pixels);
      this.#jobs.delete(id);
    }
  }

  /** The worker has failed: before it was ready somebody else does its work. */
  #end(message: string): void {
    if (this.#ended) return;
    const jobs = [...this.#jobs.values()];
    this.terminate();
    if (!this.#ready) this.#onRefusal(message);
    for (const { resolve, reject } of jobs) {
      if (!this.#ready) resolve(null);
      else {
        reject(
          new StateError(
            `[augmentImages] a worker has failed: ${message}. workers: 0 does without, with the same pixels.`,
          ),
        );
      }
    }
  }
}

/** Some workers at work for one pass through the data. */
export class WorkerTeam {
  readonly #helpers: PoolWorker[];

  constructor(helpers: PoolWorker[]) {
    this.#helpers = helpers;
  }

  /**
   * Begins with a chunk and returns how to get it. `make` makes the chunk, a second time if the calling
   * thread has to do the work after all.
   */
  begin(make: () => Chunk): () => Promise<Float32Array> {
    const alive = this.#helpers.filter((helper) => helper.alive);
    const helper = alive.sort((p, q) => p.load - q.load)[0];
    if (helper === undefined) return async () => transformHere(make());
    const result = helper.transform(make());
    result.catch(() => {}); // nobody may come to ask
    return async () => (await helper.wait(result)) ?? transformHere(make());
  }

  get helpers(): readonly PoolWorker[] {
    return this.#helpers;
  }
}

/** The workers of a source of batches. */
export class WorkerPool {
  readonly #start: StartWorker;
  readonly #count: number;
  readonly #patience: Patience;
  #idle: PoolWorker[] = [];
  #obstacle: string | null = null;

  /** `count` is the number of workers for each pass; null is the usual one. */
  constructor(host: WorkerHost, count: number | null, patience: Partial<Patience> = {}) {
    this.#start = host.start;
    this.#count = count ?? (host.processors > 1 ? 1 : 0);
    this.#patience = { ...usualPatience, ...patience };
  }

  /** How many workers there are to be. */
  get size(): number {
    return this.#count;
  }

  /** Why workers can't be had; null where nothing is known against them. */
  get obstacle(): string | null {
    return this.#obstacle;
  }

  /** Workers for a pass, idle ones first. */
  open(): WorkerTeam {
    this.#idle = this.#idle.filter((helper) => helper.alive);
    const helpers = this.#idle.splice(0, this.#count);
    for (const helper of helpers) helper.wake();
    while (helpers.length < this.#count && this.#obstacle === null) {
      try {
        helpers.push(new PoolWorker(this.#start, this.#patience, (message) => this.#refuse(message)));
      } catch (error) {
        this.#refuse(errorMessage(error));
      }
    }
    return new WorkerTeam(helpers);
  }

  /** A pass is over; workers that are finished wait for the next one for a while. */
  close({ helpers }: WorkerTeam, finished: boolean): void {
    if (!finished) {
      for (const helper of helpers) helper.terminate();
      return;
    }
    for (const helper of helpers) helper.rest();
    this.#idle.push(...helpers);
  }

  #refuse(message: string): void {
    this.#obstacle ??= message;
  }
}
