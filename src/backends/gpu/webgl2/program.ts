import { StateError } from '../../../ir/errors.ts';
import type { DeviceBuffer, DevicePlan, DeviceProgram, Program } from '../device/device.ts';
import type { Context } from './context.ts';
import type { Kernel, Shape } from './kernel.ts';
import type { Kernels } from './kernels.ts';
import type { Memory, Textures } from './textures.ts';

/** So long may compiling keep the page from doing anything else. */
const TURN_MS = 16;

interface Step {
  readonly program: Program;
  readonly kernel: Kernel;
  /** Buffers that nobody reads after it. */
  readonly done: readonly number[];
}

/** A plan as draw calls. Nothing but its kernels is its own: memory comes from the device's pool, run by run. */
export class TextureProgram implements DeviceProgram<Memory> {
  readonly #context: Context;
  readonly #textures: Textures;
  readonly #kernels: Kernels;
  readonly #plan: DevicePlan;
  readonly #usesValues: boolean;
  #steps: Step[] = [];
  #proven = false;

  private constructor(context: Context, textures: Textures, kernels: Kernels, plan: DevicePlan) {
    this.#context = context;
    this.#textures = textures;
    this.#kernels = kernels;
    this.#plan = plan;
    this.#usesValues = plan.programs.some(({ usesValues }) => usesValues);
  }

  /** Compiles the plan's kernels, and lets the page do something else in between. */
  static async load(
    context: Context,
    textures: Textures,
    kernels: Kernels,
    plan: DevicePlan,
  ): Promise<TextureProgram> {
    const loaded = new TextureProgram(context, textures, kernels, plan);
    const done = lastUses(plan);
    let since = performance.now();
    try {
      for (const [i, program] of plan.programs.entries()) {
        if (performance.now() - since > TURN_MS) {
          await new Promise((resolve) => setTimeout(resolve));
          since = performance.now();
        }
        context.requireAlive();
        const kernel = kernels.acquire(program, shapeOf(program, plan, textures));
        loaded.#steps.push({ program, kernel, done: done[i]! });
      }
    } catch (error) {
      loaded.release();
      throw error;
    }
    return loaded;
  }

  issue(values: Float32Array, bound: readonly Memory[]): Memory[] {
    this.#context.requireAlive();
    const memories = this.#plan.buffers.map((buffer) => boundTo(buffer, bound));
    /** What is not given back yet. */
    const own = new Map<number, Memory>();
    let valuesMemory: Memory | null = null;
    this.#textures.nextTurn();
    try {
      if (this.#usesValues) {
        valuesMemory = this.#textures.allocate(this.#plan.values, 'values of a run');
        this.#textures.write(valuesMemory, values);
      }
      for (const { program, kernel, done } of this.#steps) {
        const output = program.outputs[0]!;
        const inputs = program.inputs.map((b) => memories[b]!);
        if (program.usesValues) inputs.push(valuesMemory!);
        const memory = this.#textures.allocate(program.floats, program.name);
        memories[output] = memory;
        own.set(output, memory);
        kernel.run(memory, inputs);
        if (!this.#proven) this.#context.check(program.name, this.#textures.used);
        for (const b of done) {
          this.#textures.release(own.get(b)!);
          own.delete(b);
        }
      }
    } catch (error) {
      for (const memory of own.values()) this.#textures.release(memory);
      throw error;
    } finally {
      if (valuesMemory !== null) this.#textures.release(valuesMemory);
    }
    this.#proven = true;
    return this.#plan.kept.map((b) => memories[b]!);
  }

  release(): void {
    for (const { kernel } of this.#steps) this.#kernels.release(kernel);
    this.#steps = [];
    this.#textures.trim();
  }
}

function boundTo({ bound: index, floats }: DeviceBuffer, bound: readonly Memory[]): Memory | null {
  if (index === null) return null;
  const memory = bound[index];
  // What no program reads is not handed over.
  if (memory === undefined) return null;
  if (memory.layout.floats === floats) return memory;
  throw new StateError(
    `[gpu] got ${memory.layout.floats} numbers for bound storage ${index}, wanted ${floats}. Report it.`,
  );
}

function shapeOf(program: Program, plan: DevicePlan, textures: Textures): Shape {
  const layout = (floats: number) => textures.layout(floats, program.name);
  return {
    output: layout(program.floats),
    inputs: program.inputs.map((b) => layout(plan.buffers[b]!.floats)),
    values: program.usesValues ? layout(plan.values) : null,
  };
}

/** For each program the buffers that programs wrote and nobody needs after it. */
function lastUses({ programs, kept }: DevicePlan): number[][] {
  const last = new Map<number, number>();
  programs.forEach(({ outputs }, i) => {
    for (const b of outputs) last.set(b, i);
  });
  programs.forEach(({ inputs }, i) => {
    for (const b of inputs) if (last.has(b)) last.set(b, i);
  });
  for (const b of kept) last.delete(b);
  const done: number[][] = programs.map(() => []);
  for (const [b, i] of last) done[i]!.push(b);
  return done;
}
