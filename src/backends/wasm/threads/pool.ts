import { StateError } from '../../../ir/errors.ts';
import { errorMessage } from '../../../util/error-message.ts';
import { type StartWorker, startWorker, type WorkerHandle } from '../../../util/worker.ts';
import type { WasmMemory } from '../memory/wasm-memory.ts';
import { counters, frame, SLEEP_MS, SPIN_MS, Status } from '../module/frame-layout.ts';
import type { Platform } from './platform.ts';
import { type Program, WORTH_ASLEEP, writeScratch } from './program.ts';
import { ThreadLimit } from './thread-limit.ts';
import { control, WAKE_COUNT, type WorkerData, workerSource } from './worker.ts';

/** As `WORTH_ASLEEP`, while workers look for work. */
const WORTH_AWAKE = 50_000;

/** Milliseconds after which a worker that has not started is waited for no longer. */
const START_TIMEOUT = 10_000;

interface PoolWorker {
  readonly slot: number;
  readonly id: number;
  readonly handle: WorkerHandle;
  /** When it was started, in milliseconds. */
  readonly since: number;
}

export interface PoolOptions {
  /** Milliseconds without any progress after which a run ends with an error; 10 s by default. */
  readonly stallTimeout?: number;
  readonly limit?: ThreadLimit;
  /** How workers are started; tests replace it. */
  readonly startWorker?: StartWorker;
}

let workerIds = 0;

/**
 * The threads that run plans: the calling one and workers, which are started when the first plan comes that
 * is worth it. Runs do not wait for workers that are not ready: whoever comes takes the chunks that are left.
 */
export class Pool {
  readonly #memory: WasmMemory;
  readonly #platform: Platform;
  readonly #startWorker: StartWorker;
  readonly #stallTimeout: number;
  readonly #limit: ThreadLimit;
  #workers: PoolWorker[] = [];
  /** The control words, and their address: of the present workers only. */
  #control: Int32Array | null = null;
  #controlAt = 0;
  #allReady = false;
  #runs = 0;
  /** Of the latest run: the control words, and the number of threads that could take part. */
  #latest: Int32Array | null = null;
  #threadsOfLatest = 0;

  constructor(memory: WasmMemory, platform: Platform, options: PoolOptions = {}) {
    this.#memory = memory;
    this.#platform = platform;
    this.#stallTimeout = options.stallTimeout ?? 10_000;
    this.#limit = options.limit ?? new ThreadLimit(platform, memory.shared);
    this.#startWorker = options.startWorker ?? startWorker;
  }

  /** The most threads that take part in a run, the calling one included. */
  get threads(): number {
    return this.#limit.threads;
  }

  /** Why there are not more threads; null where all processors are in use. */
  get reason(): string | null {
    return this.#limit.reason;
  }

  /** Are there workers that are not ready yet? */
  get starting(): boolean {
    if (this.#allReady) return false;
    const start = performance.now() - START_TIMEOUT;
    return this.#workers.some((helper) => helper.since > start && !this.#hasStarted(helper));
  }

  /** Chunks that each thread ran in the latest run; empty if one thread ran all. */
  get work(): number[] {
    return Array.from(this.#latest?.subarray(control.work, control.work + this.#threadsOfLatest) ?? []);
  }

  /** Sets the most threads that take part in a run, the calling one included; null means all processors. */
  setThreads(threads: number | null): void {
    this.#limit.set(threads);
    this.trim();
  }

  /**
   * For tests: every run waits for exactly so many threads, and they share the chunks of each task evenly.
   * null goes back to the usual way.
   */
  force(threads: number | null): void {
    this.#limit.forced = threads;
    if (threads !== null && this.threads !== threads)
      throw new StateError(`[wasm] one thread: ${this.reason}`);
    this.trim();
  }

  /** Stops the workers that are too many. */
  trim(): void {
    this.#keep(this.threads - 1);
  }

  /** Starts the workers and waits until they are ready, or given up; gives the number of threads. */
  async start(): Promise<number> {
    this.#startWorkers();
    for (let waited = 0; !this.#isReady() && waited < START_TIMEOUT; waited += 5) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return this.#workers.length + 1;
  }

  /** Stops all workers; the next run that is worth it starts new ones. */
  stop(): void {
    this.#keep(0);
  }

  /**
   * Runs a plan whose frame's words have been written. `scratch` is the address of scratch memory for all
   * `threads`. A trap in the plan's code, or a worker that has died, is thrown; what the plan was to
   * overwrite may then be overwritten in part.
   */
  run(program: Program, scratch: number): void {
    const { words } = this.#memory;
    const at = program.frame >>> 2;
    writeScratch(this.#memory, program, scratch);
    const helpers = this.#workersFor(program);
    if (helpers === 0) {
      this.#latest = null;
      program.exports.alone();
    } else {
      words[at + frame.status / 4] = Status.ok;
      words[at + frame.evenThreads / 4] = this.#limit.forced ?? 0;
      this.#runTogether(program, helpers);
    }
  }

  /** The number of workers that may take part. */
  #workersFor(program: Program): number {
    if (this.#limit.forced !== null && this.threads > 1) {
      this.#startWorkers();
      this.#awaitWorkers();
      return this.#limit.forced - 1;
    }
    const { threads } = this;
    if (threads === 1 || program.shareable < this.#worth()) return 0;
    if (this.#workers.length < threads - 1) this.#startWorkers();
    if (!this.#allReady && !this.#workers.some((helper) => this.#hasStarted(helper))) return 0;
    this.#allReady ||= this.#isReady();
    return Math.min(this.threads, program.schedule.width) - 1;
  }

  #worth(): number {
    if (this.#control === null) return WORTH_ASLEEP;
    return Atomics.load(this.#control, control.sleepers) > 0 ? WORTH_ASLEEP : WORTH_AWAKE;
  }

  #runTogether(program: Program, helpers: number): void {
    const { words } = this.#memory;
    const { schedule } = program;
    const first = (program.frame + schedule.counters) >>> 2;
    words.fill(0, first, (program.frame + schedule.frameBytes) >>> 2);
    const { mayBlock } = this.#platform;
    // A task may be one chunk that takes long.
    const patience = this.#stallTimeout + (10 * schedule.cost) / 1e6;
    const rounds = Math.ceil(patience / (mayBlock ? SLEEP_MS : SPIN_MS));
    const shared = this.#openGate(program, helpers);
    let stalled = false;
    try {
      shared[control.work] = program.exports.run(0, rounds, mayBlock ? 1 : 0);
    } catch (error) {
      const status = (program.frame + frame.status) >>> 2;
      Atomics.compareExchange(words, status, Status.ok, Status.trapped);
      Atomics.add(words, first + counters.signal / 4, 1);
      Atomics.notify(words, first + counters.signal / 4);
      throw error;
    } finally {
      stalled = Atomics.load(words, (program.frame + frame.status) >>> 2) === Status.stalled;
      const left = this.#closeGate(shared, stalled ? 2 : rounds);
      if (stalled || !left) this.#abandon();
    }
    this.#throwFault(words[(program.frame + frame.status) >>> 2]!, shared, patience);
  }

  #openGate(program: Program, helpers: number): Int32Array {
    const shared = this.#control!;
    const run = ++this.#runs | 0;
    this.#latest = shared;
    this.#threadsOfLatest = helpers + 1;
    shared.fill(0, control.work, control.work + this.#threadsOfLatest);
    shared[control.fault] = 0;
    shared[control.run] = run;
    shared[control.plan] = program.id;
    shared[control.module] = program.bytesAt;
    shared[control.moduleBytes] = program.bytes.length;
    shared[control.frame] = program.frame;
    shared[control.counters] = program.schedule.counters;
    // Nobody is inside: the gate was closed and left after the last run.
    Atomics.store(shared, control.gate, (helpers << 16) | (1 << 8));
    Atomics.store(shared, control.sequence, run);
    if (Atomics.load(shared, control.sleepers) > 0) Atomics.notify(shared, control.sequence, WAKE_COUNT);
    return shared;
  }

  /** Lets nobody in any more and waits until all have left; false if some have not after so many rounds. */
  #closeGate(shared: Int32Array, rounds: number): boolean {
    Atomics.and(shared, control.gate, 255);
    const { mayBlock } = this.#platform;
    for (let round = 0; round < rounds; round++) {
      const end = performance.now() + SPIN_MS;
      do {
        for (let i = 0; i < 1000; i++) if (Atomics.load(shared, control.gate) === 0) return true;
      } while (performance.now() < end);
      const inside = Atomics.load(shared, control.gate);
      if (mayBlock && inside > 0) Atomics.wait(shared, control.gate, inside, SLEEP_MS);
    }
    return Atomics.load(shared, control.gate) === 0;
  }

  #throwFault(status: number, shared: Int32Array, patience: number): void {
    if (status === Status.trapped) {
      const characters = shared.subarray(control.faultText, control.faultText + shared[control.fault]!);
      throw new Error(
        `[wasm] a worker has failed: ${String.fromCharCode(...characters)}. This is a mistake in ndgrad: please report it.`,
      );
    }
    if (status === Status.stalled) {
      throw new StateError(
        `[wasm] a run was given up: a worker has not answered for ${(patience / 1000).toFixed(1)} s, it has probably been ` +
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
    for (let slot = 0; this.#workers.length < this.threads - 1 && this.#limit.refusal === null; slot++) {
      if (!this.#workers.some((helper) => helper.slot === slot)) this.#startOne(slot, this.#control);
    }
  }

  #startOne(slot: number, shared: Int32Array): void {
    const id = ++workerIds;
    Atomics.store(shared, control.owner + slot, -id);
    const data: WorkerData = { memory: this.#memory.memory, control: this.#controlAt, index: slot, id };
    try {
      const handle = this.#startWorker(workerSource, {
        name: 'ndgrad',
        data,
        onEnd: (message) => this.#hasEnded(id, message),
      });
      this.#workers.push({ slot, id, handle, since: performance.now() });
      this.#allReady = false;
    } catch (error) {
      this.#refuse(errorMessage(error));
    }
  }

  /**
   * A worker has ended by itself, or never began. One that was stopped by the pool is not among the helpers.
   */
  #hasEnded(id: number, message: string | null): void {
    const helper = this.#workers.find((other) => other.id === id);
    if (helper === undefined) return;
    this.#workers = this.#workers.filter((other) => other !== helper);
    this.#allReady = false;
    if (!this.#hasStarted(helper)) this.#refuse(message ?? 'a worker ended before it began');
  }

  #refuse(message: string): void {
    this.#limit.refusal = { message, threads: this.#workers.length + 1 };
  }

  #hasStarted({ slot, id }: PoolWorker): boolean {
    return Atomics.load(this.#control!, control.owner + slot) === id;
  }

  #isReady(): boolean {
    return this.#workers.every((helper) => this.#hasStarted(helper));
  }

  /** Waits until all workers are ready, without the event loop. */
  #awaitWorkers(): void {
    const missing = this.threads - 1 - this.#workers.length;
    if (missing > 0) throw new StateError(`[wasm] workers are missing (${missing}): ${this.reason}`);
    for (const helper of this.#allReady ? [] : this.#workers) {
      const at = control.owner + helper.slot;
      const end = performance.now() + START_TIMEOUT;
      while (this.#platform.mayBlock && !this.#hasStarted(helper) && performance.now() < end) {
        Atomics.wait(this.#control!, at, -helper.id, START_TIMEOUT);
      }
      if (!this.#hasStarted(helper)) throw new StateError('[wasm] a worker is not ready: await pool.start()');
    }
    this.#allReady = true;
  }

  /**
   * Asks all but the first workers to end, which they do outside of runs. `terminate` could strike one inside
   * the next run, since browsers take up to two seconds for it.
   */
  #keep(count: number): void {
    const stopped = this.#workers.splice(count);
    if (stopped.length === 0) return;
    const shared = this.#control!;
    for (const { slot } of stopped) Atomics.store(shared, control.owner + slot, 0);
    Atomics.store(shared, control.sequence, ++this.#runs | 0);
    Atomics.notify(shared, control.sequence);
  }

  /** Stops workers of which one may be dead or inside for ever. Their control words are not used again. */
  #abandon(): void {
    for (const { handle } of this.#workers) handle.terminate();
    this.#workers = [];
    this.#allReady = false;
    this.#control = null;
  }
}
