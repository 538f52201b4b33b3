import { StateError, ValueError } from '../../ir/errors.ts';
import type { Memory } from './memory.ts';
import { frame } from './plan-code.ts';
import { messageOf, type Platform, type WorkerHandle } from './platform.ts';
import { counters, NAP, type Schedule, type ScheduleExports, Status } from './schedule.ts';
import { control, MAX_THREADS, WAKES, workerSource } from './worker.ts';

/** A plan's module, and where it is in memory. */
export interface ProgramSource {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The address of a copy of `bytes` in the shared memory, from which workers compile it. */
  readonly bytesAt: number;
  readonly frame: number;
  readonly schedule: Schedule;
}

/** A plan that is ready to run. */
export interface Program extends ProgramSource {
  readonly id: number;
  readonly exports: ScheduleExports;
  /** Nanoseconds of work that several threads can share, less what it costs them to wait for each other. */
  readonly shareable: number;
}

/** Nanoseconds of work from which on several threads are faster than one: while workers look for it, or sleep. */
const WORTH_AWAKE = 20_000;
const WORTH_ASLEEP = 100_000;
/** Nanoseconds that threads lose with each task. */
const TASK_LOSS = 1_000;

/** Milliseconds after which a worker that has not started is given up. */
const START_TIMEOUT = 10_000;

interface Helper {
  readonly slot: number;
  readonly id: number;
  readonly handle: WorkerHandle;
}

let helperIds = 0;

/**
 * The threads that run plans: the calling one and workers, which are started when the first plan comes that is worth it.
 * Runs do not wait for workers that are not ready: whoever comes takes the chunks that are left.
 */
export class Pool {
  readonly #memory: Memory;
  readonly #platform: Platform;
  readonly #patience: number;
  #helpers: Helper[] = [];
  #wanted: number | null = null;
  #forced: number | null = null;
  #refusal: { readonly message: string; readonly threads: number } | null = null;
  /** The control words, and their address: of the present workers only. */
  #control: Int32Array | null = null;
  #controlAt = 0;
  #allReady = false;
  #runs = 0;
  #programs = 0;
  /** Of the latest run: the control words, and the number of threads that could take part. */
  #latest: Int32Array | null = null;
  #took = 0;

  /** `patience` is the number of milliseconds without any progress after which a run ends with an error. */
  constructor(memory: Memory, platform: Platform, { patience = 10_000 } = {}) {
    this.#memory = memory;
    this.#platform = platform;
    this.#patience = patience;
  }

  /** The most threads that take part in a run, the calling one included. */
  get threads(): number {
    if (!this.#memory.shared || this.#platform.obstacle !== null) return 1;
    if (this.#forced !== null) return this.#forced;
    const wanted = this.#wanted ?? this.#platform.cores;
    return Math.min(wanted, this.#refusal?.threads ?? wanted, MAX_THREADS);
  }

  /** Why there are not more threads; null where all processors are in use. */
  get reason(): string | null {
    const { cores, obstacle } = this.#platform;
    if (obstacle !== null) return obstacle;
    if (!this.#memory.shared) return 'the memory is not shared';
    if (this.#refusal !== null) return `workers were refused: ${this.#refusal.message}`;
    if (this.#wanted !== null) return `setThreads(${this.#wanted})`;
    return cores === 1 ? 'one core' : null;
  }

  /** Chunks that each thread ran in the latest run; empty if one thread ran all. */
  get work(): number[] {
    return Array.from(this.#latest?.subarray(control.work, control.work + this.#took) ?? []);
  }

  /** Sets the most threads that take part in a run, the calling one included; null means all processors. */
  setThreads(threads: number | null): void {
    if (threads !== null && !(Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS)) {
      throw new ValueError(`[setThreads] got ${threads}, wanted a whole number from 1 to ${MAX_THREADS}.`);
    }
    this.#wanted = threads;
    this.#refusal = null;
    this.#keep(this.threads - 1);
  }

  /**
   * For tests: every run waits for exactly so many threads, and they share the chunks of each task evenly. null goes
   * back to the usual way.
   */
  force(threads: number | null): void {
    this.#forced = threads;
    if (threads !== null && this.threads !== threads)
      throw new StateError(`[wasm] one thread: ${this.reason}`);
    this.#keep(this.threads - 1);
  }

  /** Starts the workers and waits until they are ready, or given up; gives the number of threads. */
  async start(): Promise<number> {
    this.#startHelpers();
    for (let waited = 0; !this.#isReady() && waited < START_TIMEOUT; waited += 5) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return this.#helpers.length + 1;
  }

  /** Stops all workers; the next run that is worth it starts new ones. */
  stop(): void {
    this.#keep(0);
  }

  /** Compiles a plan's module. What it has in memory must stay there as long as the program is run. */
  load(source: ProgramSource): Program {
    const { bytes, frame, schedule } = source;
    const imports = { env: { memory: this.#memory.memory, frame: frame | 0 } };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports);
    return {
      ...source,
      id: ++this.#programs,
      exports: exports as { [K in keyof ScheduleExports]: ScheduleExports[K] },
      shareable: schedule.sharedCost - TASK_LOSS * schedule.tasks,
    };
  }

  /**
   * Runs a plan whose frame's words have been written. `scratch` is the address of scratch memory for all `threads`. A
   * trap in the plan's code, or a worker that has died, is thrown; what the plan was to overwrite may then be
   * overwritten in part.
   */
  run(program: Program, scratch: number): void {
    const { words } = this.#memory;
    const at = program.frame >>> 2;
    words[at + frame.scratch / 4] = scratch;
    words[at + frame.scratchBytes / 4] = program.schedule.scratchBytes;
    const helpers = this.#helpersFor(program);
    if (helpers === 0) {
      this.#latest = null;
      program.exports.alone();
    } else {
      words[at + frame.status / 4] = Status.ok;
      words[at + frame.even / 4] = this.#forced ?? 0;
      this.#runTogether(program, helpers);
    }
  }

  /** The number of workers that may take part. */
  #helpersFor(program: Program): number {
    if (this.#forced !== null && this.threads > 1) {
      this.#startHelpers();
      this.#awaitHelpers();
      return this.#forced - 1;
    }
    const { threads } = this;
    if (threads === 1 || program.shareable < this.#worth()) return 0;
    if (this.#helpers.length < threads - 1) this.#startHelpers();
    if (!this.#allReady && !this.#helpers.some((helper) => this.#hasStarted(helper))) return 0;
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
    const patience = this.#patience + (10 * schedule.cost) / 1e6;
    const rounds = Math.ceil(patience / (mayBlock ? NAP : 1));
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
    this.#took = helpers + 1;
    shared.fill(0, control.work, control.work + this.#took);
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
    if (Atomics.load(shared, control.sleepers) > 0) Atomics.notify(shared, control.sequence, WAKES);
    return shared;
  }

  /** Lets nobody in any more and waits until all have left; false if some have not after so many rounds. */
  #closeGate(shared: Int32Array, rounds: number): boolean {
    Atomics.and(shared, control.gate, 255);
    for (let i = 0; i < 1000; i++) if (Atomics.load(shared, control.gate) === 0) return true;
    const { mayBlock } = this.#platform;
    for (let round = 0; round < rounds; round++) {
      const inside = Atomics.load(shared, control.gate);
      if (inside === 0) return true;
      if (mayBlock) {
        Atomics.wait(shared, control.gate, inside, NAP);
        continue;
      }
      const end = performance.now() + 1;
      while (performance.now() < end) if (Atomics.load(shared, control.gate) === 0) return true;
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

  #startHelpers(): void {
    if (this.#control === null) {
      this.#controlAt = this.#memory.allocate(4 * control.words);
      this.#control = new Int32Array(this.#memory.memory.buffer, this.#controlAt, control.words).fill(0);
      this.#runs = 0;
    }
    for (let slot = 0; this.#helpers.length < this.threads - 1 && this.#refusal === null; slot++) {
      if (!this.#helpers.some((helper) => helper.slot === slot)) this.#startHelper(slot, this.#control);
    }
  }

  #startHelper(slot: number, shared: Int32Array): void {
    const id = ++helperIds;
    Atomics.store(shared, control.owner + slot, -id);
    const data = { memory: this.#memory.memory, control: this.#controlAt, slot, id };
    try {
      const handle = this.#platform.startWorker(workerSource, data, (message) => this.#hasEnded(id, message));
      this.#helpers.push({ slot, id, handle });
      this.#allReady = false;
    } catch (error) {
      this.#refuse(messageOf(error));
    }
  }

  /** A worker has ended by itself, or never began. One that was stopped by the pool is not among the helpers. */
  #hasEnded(id: number, message: string | null): void {
    const helper = this.#helpers.find((other) => other.id === id);
    if (helper === undefined) return;
    this.#helpers = this.#helpers.filter((other) => other !== helper);
    this.#allReady = false;
    if (!this.#hasStarted(helper)) this.#refuse(message ?? 'a worker ended before it began');
  }

  #refuse(message: string): void {
    this.#refusal = { message, threads: this.#helpers.length + 1 };
  }

  #hasStarted({ slot, id }: Helper): boolean {
    return Atomics.load(this.#control!, control.owner + slot) === id;
  }

  #isReady(): boolean {
    return this.#helpers.every((helper) => this.#hasStarted(helper));
  }

  /** Waits until all workers are ready, without the event loop. */
  #awaitHelpers(): void {
    const missing = this.threads - 1 - this.#helpers.length;
    if (missing > 0) throw new StateError(`[wasm] ${missing} workers are missing: ${this.reason}`);
    for (const helper of this.#allReady ? [] : this.#helpers) {
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
   * Asks all but the first workers to end, which they do outside of runs. `terminate` could strike one inside the next
   * run, since browsers take up to two seconds for it.
   */
  #keep(count: number): void {
    const stopped = this.#helpers.splice(count);
    if (stopped.length === 0) return;
    const shared = this.#control!;
    for (const { slot } of stopped) Atomics.store(shared, control.owner + slot, 0);
    Atomics.store(shared, control.sequence, ++this.#runs | 0);
    Atomics.notify(shared, control.sequence);
  }

  /** Stops workers of which one may be dead or inside for ever. Their control words are not used again. */
  #abandon(): void {
    for (const { handle } of this.#helpers) handle.terminate();
    this.#helpers = [];
    this.#allReady = false;
    this.#control = null;
  }
}
