import { joinProgram, type WrittenKernel } from './code/program.ts';
import type { DeviceBuffer, ProgramCall, ShaderProgram } from './device/device.ts';
import type { LoopValue } from './device/encoding.ts';
import type { DraftLoop, DraftStep } from './passes/loops.ts';

/** The calls of a plan, with those of all iterations of its loops, which have the same programs. */
export interface Unrolled {
  readonly buffers: readonly DeviceBuffer[];
  readonly calls: readonly ProgramCall[];
  /** The draft's outputs. */
  readonly outputs: readonly number[];
  /** What the sets of values have instead of the run's own. */
  readonly loopValues: readonly (readonly LoopValue[])[];
}

/** The most arrays that one program joins. */
const MAX_PARTS = 8;

export function unroll(
  steps: readonly DraftStep<WrittenKernel>[],
  buffers: readonly DeviceBuffer[],
  outputs: readonly number[],
  maxBuffers: number,
): Unrolled {
  const unroller = new Unroller(buffers, Math.min(maxBuffers, MAX_PARTS));
  for (const step of steps) unroller.add(step, null);
  return unroller.result(outputs);
}

/** The iterations that surround a step, from the outermost to the innermost. */
interface Iteration {
  readonly values: readonly LoopValue[];
  /** The set with these values, once a program needs it. */
  set: number | null;
}

class Unroller {
  readonly #buffers: DeviceBuffer[];
  readonly #calls: ProgramCall[] = [];
  readonly #loopValues: (readonly LoopValue[])[] = [[]];
  readonly #maxParts: number;
  /** The buffers of the device that have the values of the draft's buffers now. */
  readonly #current: number[];
  readonly #joinPrograms = new Map<string, ShaderProgram>();

  constructor(buffers: readonly DeviceBuffer[], maxParts: number) {
    this.#buffers = [...buffers];
    this.#maxParts = maxParts;
    this.#current = buffers.map((_, b) => b);
  }

  result(outputs: readonly number[]): Unrolled {
    return {
      buffers: this.#buffers,
      calls: this.#calls,
      outputs: outputs.map((output) => this.#current[output]!),
      loopValues: this.#loopValues,
    };
  }

  add(step: DraftStep<WrittenKernel>, iteration: Iteration | null): void {
    if (step.kind === 'program') this.#call(step, iteration);
    else if (step.kind === 'loop') this.#loop(step, iteration);
    else {
      const parts = step.parts.map((part) => this.#current[part]!);
      this.#join(step.name, parts, this.#fresh(step.output, iteration));
    }
  }

  #call({ program, inputs, outputs }: WrittenKernel, iteration: Iteration | null): void {
    let valueSet = 0;
    if (program.usesValues && iteration !== null) {
      iteration.set ??= this.#loopValues.push(iteration.values) - 1;
      valueSet = iteration.set;
    }
    const read = inputs.map((input) => this.#current[input]!);
    const written = outputs.map((output) => this.#fresh(output, iteration));
    this.#calls.push({ program, inputs: read, outputs: written, valueSet });
  }

  #loop(loop: DraftLoop<WrittenKernel>, around: Iteration | null): void {
    const { name, count, slot, steps, carries, lasts, stacks } = loop;
    const current = this.#current;
    const stacked = stacks.map(() => new Pieces((parts) => this.#joinPieces(name, parts), this.#maxParts));
    for (let t = 0; t < count; t++) {
      const values = [...(around?.values ?? []), { slot, value: t }, { slot: slot + 1, value: t % 2 }];
      const iteration: Iteration = { values, set: null };
      const before = carries.map(({ initial, next }) => current[t === 0 ? initial : next]!);
      carries.forEach(({ argument }, k) => {
        current[argument] = before[k]!;
      });
      for (const step of steps) this.add(step, iteration);
      stacks.forEach(({ value, reverse }, k) => {
        stacked[k]!.add(current[value]!, reverse);
      });
    }
    stacks.forEach(({ output, reverse }, k) => {
      this.#join(name, stacked[k]!.rest(reverse), this.#fresh(output, around));
    });
    for (const { value, output } of lasts) current[output] = current[value]!;
  }

  /** The buffer that a step writes: another one in each iteration. */
  #fresh(output: number, iteration: Iteration | null): number {
    if (iteration !== null) this.#current[output] = this.#make(this.#buffers[output]!.floats);
    return this.#current[output]!;
  }

  #make(floats: number): number {
    return this.#buffers.push({ floats, bound: null }) - 1;
  }

  #joinPieces(name: string, parts: readonly number[]): number {
    const output = this.#make(parts.reduce((sum, part) => sum + this.#buffers[part]!.floats, 0));
    this.#join(name, parts, output);
    return output;
  }

  /** Calls the program that writes arrays one after the other; several if there are too many for one. */
  #join(name: string, parts: readonly number[], output: number): void {
    const rest = [...parts];
    while (rest.length > this.#maxParts) {
      rest.splice(0, this.#maxParts, this.#joinPieces(name, rest.slice(0, this.#maxParts)));
    }
    const lengths = rest.map((part) => this.#buffers[part]!.floats);
    let program = this.#joinPrograms.get(String(lengths));
    if (program === undefined) {
      program = joinProgram(name, lengths);
      this.#joinPrograms.set(String(lengths), program);
    }
    this.#calls.push({ program, inputs: rest, outputs: [output], valueSet: 0 });
  }
}

/**
 * The arrays of a stack, which are joined as soon as there are enough for a program: so each number is copied a few times
 * only, and few arrays are in use.
 */
class Pieces {
  readonly #join: (parts: readonly number[]) => number;
  readonly #maxParts: number;
  /** Arrays that are joined k times, oldest first. */
  readonly #levels: number[][] = [];

  constructor(join: (parts: readonly number[]) => number, maxParts: number) {
    this.#join = join;
    this.#maxParts = maxParts;
  }

  add(part: number, reverse: boolean, level = 0): void {
    const parts = this.#levels[level];
    if (parts === undefined) this.#levels.push([part]);
    else if (parts.push(part) > this.#maxParts) {
      const full = parts.splice(0, this.#maxParts);
      this.add(this.#join(reverse ? full.reverse() : full), reverse, level + 1);
    }
  }

  /** All arrays, in the order of the stack. */
  rest(reverse: boolean): number[] {
    const parts = [...this.#levels].reverse().flat();
    return reverse ? parts.reverse() : parts;
  }
}
