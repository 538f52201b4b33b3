import { dtypes, type ScalarType } from '../../../ir/dtype.ts';
import type { Plan } from '../../../ir/plan.ts';
import type { Offset } from '../../../ir/view.ts';
import type { Callable, Code, Local } from '../assembler/code.ts';
import { WasmModule } from '../assembler/module.ts';
import { alignToCacheLine, FRAME, frame } from './frame-layout.ts';

/**
 * A part of a kernel whose chunks may run in any order and on any thread: `run(chunk, scratch)` for chunk = 0, 1, ...
 * A kernel is a sequence of one or several tasks.
 */
export interface Task {
  readonly run: Callable;
  readonly chunks: number;
  /** Estimated nanoseconds of all chunks on one thread. */
  readonly cost: number;
}

/** A word of the frame, which the host writes before each run. */
export type FrameWord =
  /** The address of a view's first element. */
  | { readonly kind: 'address'; readonly buffer: number; readonly offset: Offset }
  /** The value of an offset, for an input without memory. */
  | { readonly kind: 'offset'; readonly offset: Offset }
  | { readonly kind: 'value'; readonly slot: number; readonly type: ScalarType }
  /** The address of temporary memory: in the region of kernels with even (0) or odd numbers (1), or in the kept one (2). */
  | { readonly kind: 'temporary'; readonly region: number; readonly byteOffset: number }
  /** The address of a table. */
  | { readonly kind: 'table'; readonly values: Int32Array }
  /** Whether the check has failed, and the smallest value that failed it: 0 and 2^31 - 1 before a run. */
  | { readonly kind: 'failed' }
  | { readonly kind: 'least' };

/** The part of code generation that only plans with loops need; see iterations.ts. */
export interface Iterations {
  /** Emits the value of an offset: the word for the part that does not change in loops, plus the part that does. */
  at(code: Code, plan: PlanCode, offset: Offset, unit: number, word: (offset: Offset) => number): Local;
}

/**
 * The state of code generation for one plan: the module, and the words of the frame that its code reads. Kernels have two
 * kinds of memory: `scratch` belongs to one thread during one chunk, `temporary` to one kernel during all its tasks.
 */
export class PlanCode {
  readonly module: WasmModule;
  readonly plan: Plan;
  readonly words: FrameWord[] = [];
  /** Nanoseconds of work in a chunk, at least. */
  readonly grain: number;
  /** Maximum over the kernels; of temporary memory, for the kernels with even and with odd numbers, and what is kept. */
  scratchBytes = 0;
  readonly temporaryBytes: [even: number, odd: number, kept: number] = [0, 0, 0];
  #kernel = 0;
  #scratch = 0;
  #temporary = 0;
  readonly #known = new Map<string, number>();
  /** Loops of the plan, if it has any. */
  iterations: Iterations | null = null;

  constructor(plan: Plan, shared: boolean, grain = 20_000) {
    this.plan = plan;
    this.grain = grain;
    this.module = new WasmModule(shared, ['frame']);
    for (const _ of plan.checks) {
      this.#addWord({ kind: 'failed' });
      this.#addWord({ kind: 'least' });
    }
  }

  /** The frame offset of a check's words: `failed` and, 4 bytes on, `least`. */
  checkWords(check: number): number {
    return frame.words + 8 * check;
  }

  /** Adjacent kernels use different temporary memory, so that one may begin before the previous one has ended. */
  beginKernel(kernel: number): void {
    this.#kernel = kernel;
    this.#scratch = 0;
    this.#temporary = 0;
  }

  /** Does the current kernel use temporary memory? */
  get usesTemporary(): boolean {
    return this.#temporary > 0;
  }

  /** Reserves `bytes` bytes of the thread's scratch memory and returns their offset in it. */
  scratch(bytes: number): number {
    const at = this.#scratch;
    this.#scratch += alignToCacheLine(bytes);
    this.scratchBytes = Math.max(this.scratchBytes, this.#scratch);
    return at;
  }

  /** Reserves `bytes` bytes for the kernel's tasks and returns the frame word with their address. */
  temporary(bytes: number): number {
    const region = this.#kernel % 2;
    const byteOffset = this.#temporary;
    this.#temporary += alignToCacheLine(bytes);
    this.temporaryBytes[region] = Math.max(this.temporaryBytes[region]!, this.#temporary);
    return this.#addWord({ kind: 'temporary', region, byteOffset });
  }

  /** The frame word with an address in the region of temporary memory that is kept until the run ends. */
  kept(byteOffset: number): number {
    return this.#addWord({ kind: 'temporary', region: 2, byteOffset });
  }

  /** Adds a table of numbers and returns the frame word with its address. */
  table(values: Int32Array): number {
    return this.#addWord({ kind: 'table', values });
  }

  /** Emits the load of a frame word. */
  word(code: Code, word: number): Local {
    return code.load('i32.load', [code.global(FRAME)], word);
  }

  /** Emits the address of a view's first element. */
  address(code: Code, { buffer, view }: { buffer: number; view: { offset: Offset } }): Local {
    return this.#moving(code, view.offset, this.bytesOf(buffer), (offset) =>
      this.#reusedWord(`a${buffer} ${textOf(offset)}`, { kind: 'address', buffer, offset }),
    );
  }

  /** Emits the value of an offset. */
  offset(code: Code, offset: Offset): Local {
    return this.#moving(code, offset, 1, (rest) =>
      this.#reusedWord(`o ${textOf(rest)}`, { kind: 'offset', offset: rest }),
    );
  }

  #moving(code: Code, offset: Offset, unit: number, word: (offset: Offset) => number): Local {
    return this.iterations?.at(code, this, offset, unit, word) ?? this.word(code, word(offset));
  }

  /** Emits one of the plan's values: an f32, or an i32 (bools are 0 and -1). */
  value(code: Code, slot: number, type: ScalarType): Local {
    const word = this.#reusedWord(`v${slot} ${type}`, { kind: 'value', slot, type });
    return code.load(type === 'f32' ? 'f32.load' : 'i32.load', [code.global(FRAME)], word);
  }

  /** Bytes of one element. */
  bytesOf(buffer: number): number {
    return dtypes[this.plan.buffers[buffer]!.dtype].bytes;
  }

  #addWord(word: FrameWord): number {
    return frame.words + 4 * (this.words.push(word) - 1);
  }

  #reusedWord(key: string, word: FrameWord): number {
    const at = this.#known.get(key) ?? this.#addWord(word);
    this.#known.set(key, at);
    return at;
  }
}

const textOf = ({ base, terms }: Offset): string =>
  [base, ...terms.map(({ slot, scale }) => `${slot}*${scale}`)].join(' ');
