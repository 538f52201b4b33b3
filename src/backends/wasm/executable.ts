import { overwrites } from '../../ir/buffers.ts';
import { dtypes } from '../../ir/dtype.ts';
import type { Bindings, Executable, Failure, Plan } from '../../ir/kernel.ts';
import type { Storage } from '../../ir/node.ts';
import { evaluateOffset } from '../../ir/view.ts';
import { checkBounds } from './bounds.ts';
import { type CompiledModule, compileModule } from './compile.ts';
import type { Engine } from './engine.ts';
import { aligned, frame, type Word } from './plan-code.ts';
import type { Program } from './pool.ts';

/** Up to this many bytes a plan has a place of its own for a result, and for an input that is not in memory yet. */
const SMALL = 16384;

/** Before a run: no value has failed a check. */
const NONE = 0x7fffffff;

/** A plan as WebAssembly, and what it has in memory: its frame, its module's bytes, its tables and its small buffers. */
export class WasmExecutable implements Executable {
  readonly #engine: Engine;
  readonly #plan: Plan;
  readonly #module: CompiledModule;
  readonly #checkBindings: ReturnType<typeof checkBounds>;
  /** The numbers of the bound storages that the plan overwrites. */
  readonly #overwritten: readonly number[];
  /** The number of the buffer for each bound storage and for each result. */
  readonly #bound: (index: number) => number;
  readonly #results: (index: number) => number;
  /** The plan's own memory, and the offsets in it of its frame, of its tables and of its small buffers. */
  readonly #start: number;
  readonly #bytes: number;
  readonly #frame: number;
  readonly #tables: readonly number[];
  readonly #places: readonly (number | null)[];
  /** Where each buffer begins in the present run. */
  readonly #addresses: number[];
  readonly #program: Program;

  constructor(plan: Plan, engine: Engine) {
    this.#engine = engine;
    this.#plan = plan;
    this.#checkBindings = checkBounds(plan);
    this.#module = compileModule(plan, { shared: engine.memory.shared, grain: engine.grain });
    this.#overwritten = overwrites(plan);
    this.#bound = buffersAt(plan, 'bound');
    this.#results = buffersAt(plan, 'result');
    this.#addresses = plan.buffers.map(() => 0);

    const { code, schedule, bytes } = this.#module;
    let end = 0;
    const take = (size: number): number => {
      const at = end;
      end += aligned(size);
      return at;
    };
    const frameAt = take(schedule.frameBytes);
    const bytesAt = take(bytes.length);
    const tables = code.words.map((word) => (word.kind === 'table' ? take(4 * word.values.length) : 0));
    const kept = new Set(this.#overwritten.map((i) => this.#bound(i)));
    const places = plan.buffers.map(({ dtype, size, place }, b) => {
      const small = place.kind !== 'arena' && size * dtypes[dtype].bytes <= SMALL && !kept.has(b);
      return small ? take(size * dtypes[dtype].bytes) : null;
    });

    const { memory } = engine;
    const start = engine.allocate(end);
    this.#start = start;
    this.#bytes = end;
    this.#frame = start + frameAt;
    this.#tables = tables.map((at) => start + at);
    this.#places = places.map((at) => (at === null ? null : start + at));
    memory.view('uint8', start + bytesAt, bytes.length).set(bytes);
    code.words.forEach((word, i) => {
      if (word.kind === 'table') memory.view('int32', this.#tables[i]!, word.values.length).set(word.values);
    });
    this.#program = engine.pool.load({ bytes, bytesAt: start + bytesAt, frame: this.#frame, schedule });
  }

  run({ values, bound, results }: Bindings): Failure | null {
    const { residents, pool, scratch } = this.#engine;
    this.#checkBindings(values, bound.length, results.length);
    residents.beginRun();
    this.#enter(bound, results);
    this.#writeFrame(values);
    try {
      pool.run(this.#program, scratch.address);
    } catch (error) {
      // A run that was given up may have begun to overwrite.
      for (const i of this.#overwritten) residents.written(bound[i]!);
      for (const storage of results) residents.leave(storage);
      throw error;
    }
    const failure = this.#failure();
    if (failure !== null) {
      for (const storage of results) residents.leave(storage);
      return failure;
    }
    for (const i of this.#overwritten) residents.written(bound[i]!);
    for (let i = 0; i < results.length; i++) this.#takeResult(this.#results(i), results[i]!);
    return null;
  }

  release(): void {
    this.#engine.memory.release(this.#start, this.#bytes);
  }

  /** Brings all that the run needs into memory, and notes where it is. */
  #enter(bound: readonly Storage[], results: readonly Storage[]): void {
    const { residents, memory } = this.#engine;
    const { code } = this.#module;
    const [even, odd] = code.temporaryBytes;
    this.#engine.arena.reserve(aligned(this.#plan.arenaBytes) + even + odd);
    this.#engine.scratch.reserve(code.scratchBytes * this.#engine.pool.threads);
    for (let i = 0; i < bound.length; i++) {
      const b = this.#bound(i);
      if (b < 0) continue;
      const storage = bound[i]!;
      const place = this.#placeFor(b, storage);
      if (place === null || residents.has(storage)) {
        this.#addresses[b] = residents.enter(storage);
      } else {
        this.#addresses[b] = place;
        memory.view(storage.dtype, place, storage.size).set(storage.array);
      }
    }
    for (let i = 0; i < results.length; i++) {
      const b = this.#results(i);
      if (b >= 0) this.#addresses[b] = this.#placeFor(b, results[i]!) ?? residents.enterResult(results[i]!);
    }
  }

  /** The plan's own place for a buffer, if it is small; the storage must be of the buffer's kind. */
  #placeFor(b: number, { dtype, size }: Storage): number | null {
    const buffer = this.#plan.buffers[b]!;
    if (buffer.dtype === dtype && buffer.size === size) return this.#places[b]!;
    throw new Error(
      `[wasm] buffer ${b} is ${buffer.dtype} of ${buffer.size} elements, got ${dtype} of ${size}`,
    );
  }

  #takeResult(b: number, storage: Storage): void {
    const place = this.#places[b];
    if (place === undefined) return;
    if (place === null) this.#engine.residents.written(storage);
    else storage.overwrite().set(this.#engine.memory.view(storage.dtype, place, storage.size));
  }

  #writeFrame(values: readonly number[]): void {
    const { words, floats } = this.#engine.memory;
    const list = this.#module.code.words;
    const first = (this.#frame + frame.words) >>> 2;
    for (let i = 0; i < list.length; i++) {
      const word = list[i]!;
      if (word.kind === 'value' && word.type === 'f32') floats[first + i] = values[word.slot]!;
      else words[first + i] = this.#valueOf(word, i, values);
    }
    words[(this.#frame + frame.failed) >>> 2] = 0;
  }

  #valueOf(word: Word, i: number, values: readonly number[]): number {
    switch (word.kind) {
      case 'address': {
        const { place, dtype } = this.#plan.buffers[word.buffer]!;
        const start =
          place.kind === 'arena'
            ? this.#engine.arena.address + place.byteOffset
            : this.#addresses[word.buffer]!;
        return start + evaluateOffset(word.offset, values) * dtypes[dtype].bytes;
      }
      case 'offset':
        return evaluateOffset(word.offset, values);
      case 'value':
        return word.type === 'bool' ? -Number(values[word.slot] !== 0) : values[word.slot]!;
      case 'temporary': {
        const [even] = this.#module.code.temporaryBytes;
        const start = this.#engine.arena.address + aligned(this.#plan.arenaBytes);
        return start + (word.odd ? even : 0) + word.byteOffset;
      }
      case 'table':
        return this.#tables[i]!;
      case 'failed':
        return 0;
      case 'least':
        return NONE;
    }
  }

  #failure(): Failure | null {
    const { words } = this.#engine.memory;
    if (words[(this.#frame + frame.failed) >>> 2] === 0) return null;
    const { code } = this.#module;
    for (let check = 0; ; check++) {
      const at = (this.#frame + code.checkWords(check)) >>> 2;
      if (words[at] !== 0) return { check, value: words[at + 1]! };
    }
  }
}

/** The number of the buffer for each storage of a kind; -1 for one that no kernel reads or writes. */
function buffersAt({ buffers }: Plan, kind: 'bound' | 'result'): (index: number) => number {
  const numbers = new Map<number, number>();
  buffers.forEach(({ place }, b) => {
    if (place.kind === kind) numbers.set(place.index, b);
  });
  return (index) => numbers.get(index) ?? -1;
}
