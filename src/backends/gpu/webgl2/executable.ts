import { StateError } from '../../../ir/errors.ts';
import { now, setTimeout } from '../../../util/timers.ts';
import {
  type DeviceBuffer,
  type DeviceExecutable,
  type DevicePlan,
  type ProgramCall,
  type ShaderProgram,
  valueStride,
} from '../device/device.ts';
import type { CompiledProgram, ProgramLayouts } from './compiled-program.ts';
import type { Context } from './context.ts';
import type { ProgramCache } from './program-cache.ts';
import type { TextureArray, TexturePool } from './texture-pool.ts';

/** The longest time for which compiling blocks the event loop. */
const COMPILE_SLICE_MS = 16;

/** One draw call of a plan. */
interface DrawCall {
  readonly call: ProgramCall;
  readonly compiled: CompiledProgram;
  /** Intermediates whose last use it is. */
  readonly releases: readonly number[];
}

/** A plan as draw calls. It owns only its compiled programs; each run takes its textures from the device's pool. */
export class WebGl2Executable implements DeviceExecutable<TextureArray> {
  readonly #context: Context;
  readonly #textures: TexturePool;
  readonly #cache: ProgramCache;
  readonly #plan: DevicePlan;
  readonly #usesValues: boolean;
  readonly #compiled = new Map<ShaderProgram, CompiledProgram>();
  #drawCalls: DrawCall[] = [];
  /** Programs that have run without an error. */
  readonly #tried = new Set<CompiledProgram>();

  private constructor(context: Context, textures: TexturePool, cache: ProgramCache, plan: DevicePlan) {
    this.#context = context;
    this.#textures = textures;
    this.#cache = cache;
    this.#plan = plan;
    this.#usesValues = plan.calls.some(({ program }) => program.usesValues);
  }

  /** Compiles the plan's programs, and yields to the event loop in between. */
  static async load(
    context: Context,
    textures: TexturePool,
    cache: ProgramCache,
    plan: DevicePlan,
  ): Promise<WebGl2Executable> {
    const executable = new WebGl2Executable(context, textures, cache, plan);
    const releases = lastUses(plan);
    let since = now();
    try {
      for (const [i, call] of plan.calls.entries()) {
        if (now() - since > COMPILE_SLICE_MS) {
          await new Promise((resolve) => setTimeout(resolve));
          since = now();
        }
        context.assertUsable();
        let compiled = executable.#compiled.get(call.program);
        if (compiled === undefined) {
          compiled = cache.acquire(call.program, layoutsOf(call, plan, textures));
          executable.#compiled.set(call.program, compiled);
        }
        executable.#drawCalls.push({ call, compiled, releases: releases[i]! });
      }
    } catch (error) {
      executable.release();
      throw error;
    }
    return executable;
  }

  issue(values: Float32Array, bound: readonly TextureArray[]): TextureArray[] {
    this.#context.assertUsable();
    const memories = this.#plan.buffers.map((buffer) => boundTo(buffer, bound));
    /** Intermediates that are not released yet. */
    const own = new Map<number, TextureArray>();
    let valuesMemory: TextureArray | null = null;
    let valueSet = -1;
    this.#textures.beginOperation();
    try {
      if (this.#usesValues) {
        valuesMemory = this.#textures.allocate(this.#plan.values, 'values of a run');
      }
      for (const { call, compiled, releases } of this.#drawCalls) {
        const { program } = call;
        const output = call.outputs[0]!;
        const inputs = call.inputs.map((b) => memories[b]!);
        if (program.usesValues) {
          if (call.valueSet !== valueSet) {
            valueSet = call.valueSet;
            const from = valueSet * valueStride(this.#plan.values);
            this.#textures.write(valuesMemory!, values.subarray(from, from + this.#plan.values));
          }
          inputs.push(valuesMemory!);
        }
        const memory = this.#textures.allocate(program.floats, program.name);
        memories[output] = memory;
        own.set(output, memory);
        compiled.run(memory, inputs);
        if (!this.#tried.has(compiled)) {
          this.#context.check(program.name, this.#textures.used);
          this.#tried.add(compiled);
        }
        for (const b of releases) {
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
    return this.#plan.outputs.map((b) => memories[b]!);
  }

  release(): void {
    for (const compiled of this.#compiled.values()) this.#cache.release(compiled);
    this.#compiled.clear();
    this.#drawCalls = [];
    this.#textures.trim();
  }
}

function boundTo(
  { bound: index, floats }: DeviceBuffer,
  bound: readonly TextureArray[],
): TextureArray | null {
  if (index === null) return null;
  const memory = bound[index];
  // A storage that no program reads is not passed.
  if (memory === undefined) return null;
  if (memory.layout.floats === floats) return memory;
  throw new StateError(
    `[gpu] got ${memory.layout.floats} numbers for bound storage ${index}, wanted ${floats}. This is a bug in ndgrad: report it.`,
  );
}

function layoutsOf(call: ProgramCall, plan: DevicePlan, textures: TexturePool): ProgramLayouts {
  const { program, inputs } = call;
  const layout = (floats: number) => textures.layout(floats, program.name);
  return {
    output: layout(program.floats),
    inputs: inputs.map((b) => layout(plan.buffers[b]!.floats)),
    values: program.usesValues ? layout(plan.values) : null,
  };
}

/** For each call the intermediates whose last use it is. */
function lastUses({ calls, outputs: planOutputs }: DevicePlan): number[][] {
  const last = new Map<number, number>();
  calls.forEach(({ outputs }, i) => {
    for (const b of outputs) last.set(b, i);
  });
  calls.forEach(({ inputs }, i) => {
    for (const b of inputs) if (last.has(b)) last.set(b, i);
  });
  for (const b of planOutputs) last.delete(b);
  const uses: number[][] = calls.map(() => []);
  for (const [b, i] of last) uses[i]!.push(b);
  return uses;
}
