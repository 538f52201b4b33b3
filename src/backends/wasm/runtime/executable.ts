import type { Bindings, Executable, Failure } from '../../../ir/backend.ts';
import { overwrites } from '../../../ir/buffer-use.ts';
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
 * Up to this many bytes a plan has a place of its own for a result, and for an input that is not in memory
 * yet.
 */
const SMALL = 32768;

/**
 * A plan as WebAssembly, and what it has in memory: its frame, its module's bytes, its tables and its small
 * buffers.
 */
export class WasmExecutable implements Executable {
  readonly #engine: Engine;
  readonly #plan: Plan;
  readonly #module: CompiledModule;
  readonly #checkBindings: ReturnType<typeof checkBounds>;
  /** The numbers of the bound storages that the plan overwrites. */
  readonly #overwritten: readonly number[];
  /** The number of the buffer for each bound storage and for each result that a kernel reads or writes. */
  readonly #bound: readonly (number | undefined)[];
  readonly #results: readonly (number | undefined)[];
  /** The plan's own memory, and the addresses in it of its small buffers. */
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
    this.#overwritten = overwrites(plan);
    this.#bound = buffersAt(plan, 'bound');
    this.#results = buffersAt(plan, 'result');

    const { code, schedule, bytes } = this.#module;
    let end = 0;
    const take = (size: number): number => {
      const at = end;
      end += alignToCacheLine(size);
      return at;
    };
    const frameAt = take(schedule.frameBytes);
    const bytesAt = take(bytes.length);
    const tables = code.words.map((word) => (word.kind === 'table' ? take(4 * word.values.length) : 0));
    const kept = new Set(this.#overwritten.map((i) => this.#bound[i]));
    const places = plan.buffers.map(({ dtype, size, location }, b) => {
      const small = location.kind !== 'arena' && size * dtypes[dtype].bytes <= SMALL && !kept.has(b);
      return small ? take(size * dtypes[dtype].bytes) : null;
    });

    const { memory } = engine;
    const start = memory.allocate(end);
    this.#start = start;
    this.#bytes = end;
    this.#smallBuffers = places.map((at) => (at === null ? null : start + at));
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
    this.#enter(bound, results);
    this.#frame.writeValues(values);
    try {
      threads.run(this.#program, scratch.address);
    } catch (error) {
      // A run that was given up may have begun to overwrite.
      for (const i of this.#overwritten) deviceCache.written(bound[i]!);
      for (const storage of results) deviceCache.leave(storage);
      throw error;
    }
    const { failure } = this.#frame;
    if (failure !== null) {
      for (const storage of results) deviceCache.leave(storage);
      return failure;
    }
    for (const i of this.#overwritten) deviceCache.written(bound[i]!);
    for (let i = 0; i < results.length; i++) this.#takeResult(i, results[i]!);
    return null;
  }

  release(): void {
    this.#engine.memory.release(this.#start, this.#bytes);
  }

  /** Brings all that the run needs into memory, and notes where it is. */
  #enter(bound: readonly Storage[], results: readonly Storage[]): void {
    const { deviceCache, memory } = this.#engine;
    const { code } = this.#module;
    const [even, odd] = code.temporaryBytes;
    this.#engine.arena.reserve(alignToCacheLine(this.#plan.arenaBytes) + even + odd);
    this.#engine.scratch.reserve(code.scratchBytes * this.#engine.threads.limit.threads);
    for (let i = 0; i < bound.length; i++) {
      const b = this.#bound[i];
      if (b === undefined) continue;
      const storage = bound[i]!;
      const place = this.#smallBufferFor(b, storage);
      if (place === null || deviceCache.has(storage)) {
        this.#frame.setBufferAddress(b, deviceCache.enter(storage));
      } else {
        this.#frame.setBufferAddress(b, place);
        memory.view(storage.dtype, place, storage.size).set(storage.array);
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
    // Only now: to make room for values, memory that earlier plans needed may have been given back.
    this.#frame.setArenaAddress(this.#engine.arena.address);
  }

  /** The plan's own place for a buffer, if it is small; the storage must be of the buffer's kind. */
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
    const place = this.#smallBuffers[b]!;
    if (place === null) this.#engine.deviceCache.written(storage);
    else storage.overwrite().set(this.#engine.memory.view(storage.dtype, place, storage.size));
  }
}

/** The number of the buffer for each storage of a kind, where a kernel reads or writes it. */
function buffersAt({ buffers }: Plan, kind: 'bound' | 'result'): (number | undefined)[] {
  const numbers: (number | undefined)[] = [];
  buffers.forEach(({ location }, b) => {
    if (location.kind === kind) numbers[location.index] = b;
  });
  return numbers;
}
