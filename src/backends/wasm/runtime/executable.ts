import type { Bindings, Executable, Failure } from '../../../ir/backend.ts';
import { buffersWritten } from '../../../ir/buffer-use.ts';
import { dtypes } from '../../../ir/dtype.ts';
import type { Plan } from '../../../ir/plan.ts';
import type { Storage } from '../../../ir/storage.ts';
import { type CompiledModule, compileModule } from '../kernels/compile.ts';
import { alignToCacheLine } from '../module/frame-layout.ts';
import { loadProgram, type Program } from '../threads/program.ts';
import { checkBounds } from './bounds.ts';
import type { Engine } from './engine.ts';
import { FrameWriter } from './frame-writer.ts';

/**
 * Buffers of up to this many bytes have memory in the plan itself: results, and inputs that are not in the device cache.
 */
const SMALL = 32768;

/**
 * A compiled plan and its memory: its frame, its module's bytes, its tables and its small buffers.
 */
export class WasmExecutable implements Executable {
  readonly #engine: Engine;
  readonly #plan: Plan;
  readonly #module: CompiledModule;
  readonly #checkBindings: ReturnType<typeof checkBounds>;
  /** The buffer of each bound storage, result and replacement; undefined where no kernel uses one. */
  readonly #bound: readonly (number | undefined)[];
  readonly #results: readonly (number | undefined)[];
  readonly #replacements: readonly (number | undefined)[];
  /** The buffers that the plan's steps write; bound ones are overwritten in place. */
  readonly #written: ReadonlySet<number>;
  /** The plan's own memory, and the addresses of its small buffers. */
  readonly #start: number;
  readonly #bytes: number;
  readonly #smallBuffers: readonly (number | null)[];
  readonly #frame: FrameWriter;
  readonly #program: Program;

  constructor(plan: Plan, engine: Engine) {
    this.#engine = engine;
    this.#plan = plan;
    this.#checkBindings = checkBounds(plan);
    this.#module = compileModule(plan, { shared: engine.memory.shared, grain: engine.grain });
    this.#bound = buffersAt(plan, 'bound');
    this.#results = buffersAt(plan, 'result');
    this.#replacements = buffersAt(plan, 'replacement');
    this.#written = new Set(plan.steps.flatMap(buffersWritten));

    const { code, schedule, bytes } = this.#module;
    let end = 0;
    const reserve = (size: number): number => {
      const at = end;
      end += alignToCacheLine(size);
      return at;
    };
    const frameAt = reserve(schedule.frameBytes);
    const bytesAt = reserve(bytes.length);
    const tables = code.words.map((word) => (word.kind === 'table' ? reserve(4 * word.values.length) : 0));
    const smallBuffers = plan.buffers.map(({ dtype, size, location: { kind } }, b) => {
      const bytes = size * dtypes[dtype].bytes;
      // Parts that are written must come back to the storage.
      return kind === (this.#written.has(b) ? 'result' : 'bound') && bytes <= SMALL ? reserve(bytes) : null;
    });

    const { memory } = engine;
    const start = memory.allocate(end);
    this.#start = start;
    this.#bytes = end;
    this.#smallBuffers = smallBuffers.map((at) => (at === null ? null : start + at));
    memory.view('uint8', start + bytesAt, bytes.length).set(bytes);
    const addresses = tables.map((at) => start + at);
    code.words.forEach((word, i) => {
      if (word.kind === 'table') memory.view('int32', addresses[i]!, word.values.length).set(word.values);
    });
    const frame = start + frameAt;
    this.#frame = new FrameWriter(memory, code, frame, addresses);
    try {
      this.#program = loadProgram(memory, { bytes, bytesAt: start + bytesAt, frame, schedule });
    } catch (error) {
      this.release();
      throw error;
    }
  }

  run({ values, bound, results }: Bindings): Failure | null {
    const { deviceCache, threads, scratch } = this.#engine;
    this.#checkBindings(values, bound.length, results.length);
    deviceCache.beginRun();
    const newAddresses: number[] = [];
    let succeeded = false;
    try {
      this.#enter(bound, results, newAddresses);
      this.#frame.writeValues(values);
      threads.run(this.#program, scratch.address);
      const { failure } = this.#frame;
      if (failure !== null) return failure;
      succeeded = true;
    } finally {
      if (!succeeded) {
        newAddresses.forEach((address, i) => {
          deviceCache.release(bound[i]!, address);
        });
        for (const storage of results) deviceCache.discard(storage);
      }
    }
    newAddresses.forEach((address, i) => {
      deviceCache.replace(bound[i]!, address);
    });
    for (let i = 0; i < results.length; i++) this.#takeResult(i, results[i]!);
    return null;
  }

  release(): void {
    this.#engine.memory.release(this.#start, this.#bytes);
  }

  /**
   * Brings all inputs of the run into memory and writes all addresses to the frame. Puts the addresses of the new values of
   * bound storages into `newAddresses`.
   */
  #enter(bound: readonly Storage[], results: readonly Storage[], newAddresses: number[]): void {
    const { deviceCache, memory } = this.#engine;
    const { code } = this.#module;
    const [even, odd, kept] = code.temporaryBytes;
    this.#engine.arena.reserve(alignToCacheLine(this.#plan.arenaBytes) + even + odd + kept);
    this.#engine.scratch.reserve(code.scratchBytes * this.#engine.threads.limit.threads);
    for (let i = 0; i < bound.length; i++) {
      const b = this.#bound[i];
      if (b === undefined) continue;
      const storage = bound[i]!;
      const address = this.#smallBufferFor(b, storage);
      if (address === null || deviceCache.has(storage)) {
        this.#frame.setBufferAddress(b, deviceCache.enter(storage));
        if (this.#written.has(b)) deviceCache.written(storage);
      } else {
        this.#frame.setBufferAddress(b, address);
        memory.view(storage.dtype, address, storage.size).set(storage.array);
      }
    }
    for (let i = 0; i < results.length; i++) {
      const b = this.#results[i];
      if (b === undefined) continue;
      this.#frame.setBufferAddress(
        b,
        this.#smallBufferFor(b, results[i]!) ?? deviceCache.enterResult(results[i]!),
      );
    }
    this.#replacements.forEach((b, i) => {
      if (b === undefined) return;
      newAddresses[i] = deviceCache.allocate(bound[i]!);
      this.#frame.setBufferAddress(b, newAddresses[i]!);
    });
    // Last, because allocations above may have moved the arena (`memory.makeRoom` shrinks it).
    this.#frame.setArenaAddress(this.#engine.arena.address);
  }

  /** The address of a small buffer, else null. Throws unless the storage has the buffer's dtype and size. */
  #smallBufferFor(b: number, { dtype, size }: Storage): number | null {
    const buffer = this.#plan.buffers[b]!;
    if (buffer.dtype === dtype && buffer.size === size) return this.#smallBuffers[b]!;
    throw new Error(
      `[wasm] buffer ${b} is ${buffer.dtype} of ${buffer.size} elements, got ${dtype} of ${size}`,
    );
  }

  #takeResult(index: number, storage: Storage): void {
    const b = this.#results[index];
    if (b === undefined) return;
    const address = this.#smallBuffers[b]!;
    if (address === null) this.#engine.deviceCache.written(storage);
    else storage.overwrite().set(this.#engine.memory.view(storage.dtype, address, storage.size));
  }
}

/** The buffer of each storage of a kind; undefined if no kernel uses it. */
function buffersAt({ buffers }: Plan, kind: 'bound' | 'result' | 'replacement'): (number | undefined)[] {
  const numbers: (number | undefined)[] = [];
  buffers.forEach(({ location }, b) => {
    if (location.kind === kind) numbers[location.index] = b;
  });
  return numbers;
}
