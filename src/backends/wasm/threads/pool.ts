import { StateError } from '../../../ir/errors.ts';
import { errorMessage } from '../../../util/error-message.ts';
import { now, setTimeout } from '../../../util/timers.ts';
import { type StartWorker, startWorker, type WorkerHandle } from '../../../util/worker.ts';
import type { WasmMemory } from '../memory/wasm-memory.ts';
import { counters, frame, SLEEP_MS, SPIN_MS, Status } from '../module/frame-layout.ts';
import type { Platform } from './platform.ts';
import { type Program, WORTH_ASLEEP, writeScratch } from './program.ts';
import { ThreadLimit } from './thread-limit.ts';
import { control, WAKE_COUNT, type WorkerData, workerSource } from './worker.ts';

/** The same while idle workers spin. */
const WORTH_AWAKE = 50_000;

interface PoolWorker {
  readonly index: number;
  readonly id: number;
  readonly handle: WorkerHandle;
  /** When it was started, in milliseconds. */
  readonly since: number;
}

export interface PoolOptions {
  readonly limit?: ThreadLimit;
  /** How workers are started; tests replace it. */
  readonly startWorker?: StartWorker;
}

let workerIds = 0;

/**
 * The threads that run plans: the calling one and workers, which are started for the first plan with enough work. Runs do
 * not wait for workers that are not ready: every thread that takes part takes the next chunk that is left.
 */
export class Pool {
  /** Milliseconds without any progress after which a run fails. */
  stallTimeout = 10_000;
  /** Maximum milliseconds to wait for a worker to start. */
  startTimeout = 10_000;
  readonly #memory: WasmMemory;
  readonly #platform: Platform;
  readonly #startWorker: StartWorker;
  readonly #limit: ThreadLimit;
  #workers: PoolWorker[] = [];
  /** The control words of the current workers, and their address. */
  #control: Int32Array | null = null;
  #controlAt = 0;
  #allReady = false;
  #runs = 0;
  /** The control words of the latest run, and its maximum number of threads. */
  #latest: Int32Array | null = null;
  #threadsOfLatest = 0;

  constructor(memory: WasmMemory, platform: Platform, options: PoolOptions = {}) {
    this.#memory = memory;
    this.#platform = platform;
    this.#limit = options.limit ?? new ThreadLimit(platform, memory.shared);
    this.#startWorker = options.startWorker ?? startWorker;
  }

  /** The maximum number of threads in a run, including the calling one. */
  get threads(): number {
    return this.#limit.threads;
  }

  /** Why there are not more threads; null if all processors are used. */
  get reason(): string | null {
    return this.#limit.reason;
  }

  /** Are there workers that are not ready yet? */
  get starting(): boolean {
    if (this.#allReady) return false;
    const start = now() - this.startTimeout;
    return this.#workers.some((worker) => worker.since > start && !this.#hasStarted(worker));
  }

  /** The number of chunks that each thread ran in the latest run; empty if one thread ran all. */
  get work(): number[] {
    return Array.from(this.#latest?.subarray(control.work, control.work + this.#threadsOfLatest) ?? []);
  }

  /** Sets the maximum number of threads in a run, including the calling one; null means all processors. */
  setThreads(threads: number | null): void {
    this.#limit.set(threads);
    this.trim();
  }

  /**
   * For tests: every run waits for exactly this many threads, and the chunks of each task are assigned to them evenly.
   * null ends that.
   */
  force(threads: number | null): void {
    this.#limit.forced = threads;
    if (threads !== null && this.threads !== threads)
      throw new StateError(
        `[wasm] got a request for ${threads} threads, but there is only one: ${this.reason}`,
      );
    this.trim();
  }

  /** Stops surplus workers. */
  trim(): void {
    this.#keepFirst(this.threads - 1);
  }

  /** Starts the workers and waits until they are ready or the time limit is over; returns the number of threads. */
  async start(): Promise<number> {
    this.#startWorkers();
    for (let waited = 0; !this.#isReady() && waited < this.startTimeout; waited += 5) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return this.#workers.length + 1;
  }

  /** Stops all workers; the next run with enough work starts new ones. */
  stop(): void {
    this.#keepFirst(0);
  }

  /**
   * Runs a plan whose frame words have been written. `scratch` is the address of scratch memory for all `threads`.
   *
   * @throws if the plan's code traps or a worker has died. The plan's targets may then be partly overwritten.
   */
  run(program: Program, scratch: number): void {
    const { words } = this.#memory;
    const at = program.frame >>> 2;
    writeScratch(this.#memory, program, scratch);
    const workers = this.#workersFor(program);
    if (workers === 0) {
      this.#latest = null;
      program.exports.alone();
    } else {
      words[at + frame.status / 4] = Status.ok;
      words[at + frame.evenThreads / 4] = this.#limit.forced ?? 0;
      this.#runTogether(program, workers);
    }
  }

  /** The maximum number of workers for this run. */
  #workersFor(program: Program): number {
    if (this.#limit.forced !== null && this.threads > 1) {
      this.#startWorkers();
      this.#awaitWorkers();
      return this.#limit.forced - 1;
    }
    const { threads } = this;
    if (threads === 1 || program.shareable < this.#worth()) return 0;
    if (this.#workers.length < threads - 1) this.#startWorkers();
    if (!this.#allReady && !this.#workers.some((worker) => this.#hasStarted(worker))) return 0;
    this.#allReady ||= this.#isReady();
    return Math.min(this.threads, program.schedule.width) - 1;
  }

  #worth(): number {
    if (this.#control === null) return WORTH_ASLEEP;
    return Atomics.load(this.#control, control.sleepers) > 0 ? WORTH_ASLEEP : WORTH_AWAKE;
  }

  #runTogether(program: Program, workers: number): void {
    const { words } = this.#memory;
    const { schedule } = program;
    const first = (program.frame + schedule.counters) >>> 2;
    words.fill(0, first, (program.frame + schedule.frameBytes) >>> 2);
    const { mayBlock } = this.#platform;
    // A single chunk may take this long, and there is no progress meanwhile.
    const stallTimeout = this.stallTimeout + (10 * schedule.cost) / 1e6;
    const rounds = Math.ceil(stallTimeout / (mayBlock ? SLEEP_MS : SPIN_MS));
    const controlWords = this.#openGate(program, workers);
    let stalled = false;
    try {
      controlWords[control.work] = program.exports.run(0, rounds, mayBlock ? 1 : 0);
    } catch (error) {
      const status = (program.frame + frame.status) >>> 2;
      Atomics.compareExchange(words, status, Status.ok, Status.trapped);
      Atomics.add(words, first + counters.signal / 4, 1);
      Atomics.notify(words, first + counters.signal / 4);
      throw error;
    } finally {
      stalled = Atomics.load(words, (program.frame + frame.status) >>> 2) === Status.stalled;
      const left = this.#closeGate(controlWords, stalled ? 2 : rounds);
      if (stalled || !left) this.#abandon();
    }
    this.#throwFault(words[(program.frame + frame.status) >>> 2]!, controlWords, stallTimeout);
  }

  #openGate(program: Program, workers: number): Int32Array {
    const controlWords = this.#control!;
    const run = ++this.#runs | 0;
    this.#latest = controlWords;
    this.#threadsOfLatest = workers + 1;
    controlWords.fill(0, control.work, control.work + this.#threadsOfLatest);
    controlWords[control.fault] = 0;
    controlWords[control.run] = run;
    controlWords[control.plan] = program.id;
    controlWords[control.module] = program.bytesAt;
    controlWords[control.moduleBytes] = program.bytes.length;
    controlWords[control.frame] = program.frame;
    controlWords[control.counters] = program.schedule.counters;
    // No worker is inside: the last run closed the gate and waited until all had left.
    Atomics.store(controlWords, control.gate, (workers << 16) | (1 << 8));
    Atomics.store(controlWords, control.sequence, run);
    if (Atomics.load(controlWords, control.sleepers) > 0)
      Atomics.notify(controlWords, control.sequence, WAKE_COUNT);
    return controlWords;
  }

  /** Closes the gate and waits until all workers have left; false if some have not after `rounds` rounds. */
  #closeGate(controlWords: Int32Array, rounds: number): boolean {
    Atomics.and(controlWords, control.gate, 255);
    const { mayBlock } = this.#platform;
    for (let round = 0; round < rounds; round++) {
      const end = now() + SPIN_MS;
      do {
        for (let i = 0; i < 1000; i++) if (Atomics.load(controlWords, control.gate) === 0) return true;
      } while (now() < end);
      const inside = Atomics.load(controlWords, control.gate);
      if (mayBlock && inside > 0) Atomics.wait(controlWords, control.gate, inside, SLEEP_MS);
    }
    return Atomics.load(controlWords, control.gate) === 0;
  }

  #throwFault(status: number, controlWords: Int32Array, stallTimeout: number): void {
    if (status === Status.trapped) {
      const characters = controlWords.subarray(
        control.faultText,
        control.faultText + controlWords[control.fault]!,
      );
      throw new Error(
        `[wasm] a worker has failed: ${String.fromCharCode(...characters)}. This is a bug in ndgrad: please report it.`,
      );
    }
    if (status === Status.stalled) {
      throw new StateError(
        `[wasm] a run was given up: a worker has not answered for ${(stallTimeout / 1000).toFixed(1)} s, it has probably been ` +
          'stopped. What the run was to overwrite may be overwritten in part: load it anew. New workers start with the ' +
          'next run; setThreads(1) does without them.',
      );
    }
  }

  #startWorkers(): void {
    if (this.#control === null) {
      this.#controlAt = this.#memory.allocate(4 * control.words);
      this.#control = new Int32Array(this.#memory.memory.buffer, this.#controlAt, control.words).fill(0);
      this.#runs = 0;
    }
    for (let index = 0; this.#workers.length < this.threads - 1 && this.#limit.refusal === null; index++) {
      if (!this.#workers.some((worker) => worker.index === index)) this.#startWorkerAt(index, this.#control);
    }
  }

  #startWorkerAt(index: number, controlWords: Int32Array): void {
    const id = ++workerIds;
    Atomics.store(controlWords, control.owner + index, -id);
    const data: WorkerData = { memory: this.#memory.memory, control: this.#controlAt, index, id };
    try {
      const handle = this.#startWorker(workerSource, {
        name: 'ndgrad',
        data,
        onEnd: (message) => this.#hasEnded(id, message),
      });
      this.#workers.push({ index, id, handle, since: now() });
      this.#allReady = false;
    } catch (error) {
      this.#setRefusal(errorMessage(error));
    }
  }

  /**
   * Called when a worker has ended by itself or could not start. Workers that the pool has stopped are not in its list.
   */
  #hasEnded(id: number, message: string | null): void {
    const worker = this.#workers.find((other) => other.id === id);
    if (worker === undefined) return;
    this.#workers = this.#workers.filter((other) => other !== worker);
    this.#allReady = false;
    if (!this.#hasStarted(worker)) this.#setRefusal(message ?? 'a worker ended before it began');
  }

  #setRefusal(message: string): void {
    this.#limit.refusal = { message, threads: this.#workers.length + 1 };
  }

  #hasStarted({ index, id }: PoolWorker): boolean {
    return Atomics.load(this.#control!, control.owner + index) === id;
  }

  #isReady(): boolean {
    return this.#workers.every((worker) => this.#hasStarted(worker));
  }

  /** Blocks until all workers are ready. */
  #awaitWorkers(): void {
    const missing = this.threads - 1 - this.#workers.length;
    if (missing > 0) throw new StateError(`[wasm] ${missing} workers are missing: ${this.reason}`);
    for (const worker of this.#allReady ? [] : this.#workers) {
      const at = control.owner + worker.index;
      const end = now() + this.startTimeout;
      while (this.#platform.mayBlock && !this.#hasStarted(worker) && now() < end) {
        Atomics.wait(this.#control!, at, -worker.id, this.startTimeout);
      }
      if (!this.#hasStarted(worker)) throw new StateError('[wasm] a worker is not ready: await pool.start()');
    }
    this.#allReady = true;
  }

  /**
   * Asks all but the first `count` workers to end, which they do outside of runs. `terminate` could hit a worker inside
   * the next run, since browsers take up to two seconds for it.
   */
  #keepFirst(count: number): void {
    const stopped = this.#workers.splice(count);
    if (stopped.length === 0) return;
    const controlWords = this.#control!;
    for (const { index } of stopped) Atomics.store(controlWords, control.owner + index, 0);
    Atomics.store(controlWords, control.sequence, ++this.#runs | 0);
    Atomics.notify(controlWords, control.sequence);
  }

  /** Terminates the workers after a stall: one may be dead or hang in a run. Their control words are never used again. */
  #abandon(): void {
    for (const { handle } of this.#workers) handle.terminate();
    this.#workers = [];
    this.#allReady = false;
    this.#control = null;
  }
}
