import type { Failure } from '../../../ir/backend.ts';
import { dtypes } from '../../../ir/dtype.ts';
import { evaluateOffset, type Offset } from '../../../ir/view.ts';
import type { WasmMemory } from '../memory/wasm-memory.ts';
import { alignToCacheLine, frame } from '../module/frame-layout.ts';
import type { PlanCode } from '../module/plan-code.ts';

/** The smallest value that failed a check, before any has failed. */
const NONE = 0x7fffffff;

/**
 * An address at a fixed offset from the start of a buffer or of the arena; `word` is its index in the memory's words.
 */
interface FixedAddress {
  readonly word: number;
  readonly bytes: number;
}

/** An address or an offset that depends on the plan's values. */
interface ComputedAddress {
  readonly word: number;
  readonly buffer: number | null;
  readonly offset: Offset;
  readonly unit: number;
}

/** Writes the frame of one plan; before each run only what may have changed since the last one. */
export class FrameWriter {
  readonly #memory: WasmMemory;
  readonly #code: PlanCode;
  readonly #frame: number;
  /** The address of each buffer, and the frame words at fixed offsets from it. */
  readonly #starts: number[];
  readonly #fixed: readonly FixedAddress[][];
  /** Temporary memory follows the arena. */
  readonly #temporaries: FixedAddress[] = [];
  readonly #computed: ComputedAddress[] = [];
  readonly #floats: { readonly word: number; readonly slot: number }[] = [];
  readonly #integers: { readonly word: number; readonly slot: number; readonly isBool: boolean }[] = [];
  #arena = -1;

  /** `tables` are the addresses of the plan's tables, by the numbers of their frame words. */
  constructor(memory: WasmMemory, code: PlanCode, address: number, tables: readonly number[]) {
    this.#memory = memory;
    this.#code = code;
    this.#frame = address;
    this.#starts = code.plan.buffers.map(() => -1);
    this.#fixed = code.plan.buffers.map(() => []);
    const first = (address + frame.words) >>> 2;
    code.words.forEach((_, i) => {
      this.#prepare(i, first + i, tables);
    });
  }

  #prepare(i: number, word: number, tables: readonly number[]): void {
    const { plan, words, temporaryBytes } = this.#code;
    const what = words[i]!;
    switch (what.kind) {
      case 'address': {
        const { buffer, offset } = what;
        const unit = dtypes[plan.buffers[buffer]!.dtype].bytes;
        if (offset.terms.length > 0) this.#computed.push({ word, buffer, offset, unit });
        else this.#fixed[buffer]!.push({ word, bytes: offset.base * unit });
        return;
      }
      case 'offset':
        this.#computed.push({ word, buffer: null, offset: what.offset, unit: 1 });
        return;
      case 'value':
        if (what.type === 'f32') this.#floats.push({ word, slot: what.slot });
        else this.#integers.push({ word, slot: what.slot, isBool: what.type === 'bool' });
        return;
      case 'temporary': {
        const before = temporaryBytes.slice(0, what.region).reduce((a, b) => a + b, 0);
        const start = alignToCacheLine(plan.arenaBytes) + before;
        this.#temporaries.push({ word, bytes: start + what.byteOffset });
        return;
      }
      case 'table':
        this.#memory.words[word] = tables[i]!;
    }
  }

  setBufferAddress(buffer: number, address: number): void {
    if (this.#starts[buffer] === address) return;
    this.#starts[buffer] = address;
    this.#write(this.#fixed[buffer]!, address);
  }

  /** The arena begins at this address. */
  setArenaAddress(address: number): void {
    if (this.#arena === address) return;
    this.#arena = address;
    this.#code.plan.buffers.forEach(({ location }, b) => {
      if (location.kind === 'arena') this.setBufferAddress(b, address + location.byteOffset);
    });
    this.#write(this.#temporaries, address);
  }

  #write(distances: readonly FixedAddress[], start: number): void {
    const { words } = this.#memory;
    for (let i = 0; i < distances.length; i++) words[distances[i]!.word] = start + distances[i]!.bytes;
  }

  /** Writes the values of the next run. The addresses of all buffers must have been set. */
  writeValues(values: readonly number[]): void {
    const { words, floats } = this.#memory;
    for (let i = 0; i < this.#floats.length; i++) {
      const { word, slot } = this.#floats[i]!;
      floats[word] = values[slot]!;
    }
    for (const { word, slot, isBool } of this.#integers)
      words[word] = isBool ? -Number(values[slot] !== 0) : values[slot]!;
    for (const { word, buffer, offset, unit } of this.#computed) {
      const start = buffer === null ? 0 : this.#starts[buffer]!;
      words[word] = start + evaluateOffset(offset, values) * unit;
    }
    words[(this.#frame + frame.failed) >>> 2] = 0;
    for (let check = 0; check < this.#code.plan.checks.length; check++) {
      const at = this.#wordOfCheck(check);
      words[at] = 0;
      words[at + 1] = NONE;
    }
  }

  /** The failed check with the lowest number; null if none has failed. */
  get failure(): Failure | null {
    const { words } = this.#memory;
    if (words[(this.#frame + frame.failed) >>> 2] === 0) return null;
    for (let check = 0; ; check++) {
      const at = this.#wordOfCheck(check);
      if (words[at] !== 0) return { check, value: words[at + 1]! };
    }
  }

  #wordOfCheck(check: number): number {
    return (this.#frame + this.#code.checkWords(check)) >>> 2;
  }
}
