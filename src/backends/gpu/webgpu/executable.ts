/// <reference types="@webgpu/types" />

import { MemoryError } from '../../../ir/errors.ts';
import type { DevicePlan, DeviceProgram, Program } from '../device/device.ts';
import { type Kernel, type Kernels, pitchOf } from './kernels.ts';
import type { Memory, PooledBuffer, Region } from './memory.ts';

const COPY_DST = 0x0008; // GPUBufferUsage
const STORAGE = 0x0080;

/** Bind groups that a dispatch keeps: storages that are overwritten alternate between two buffers. */
const GROUPS = 8;

/** One dispatch of a plan. */
interface Dispatch {
  readonly program: Program;
  readonly kernel: Kernel;
  /** Where its outputs go: a place for what is computed on the way; null for a new buffer, which outlives the run. */
  readonly slot: number | null;
  readonly groups: Bound[];
}

/** A bind group, and what it binds. */
interface Bound {
  readonly group: GPUBindGroup;
  readonly result: number;
  readonly inputs: readonly Region[];
}

/** Buffers for what plans compute on the way. Runs follow one another, so all plans share them. */
export class Slots {
  readonly #memory: Memory;
  readonly #slots: PooledBuffer[] = [];

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** A slot's buffer, of at least so many bytes. */
  at(slot: number, bytes: number): PooledBuffer {
    const buffer = this.#slots[slot];
    if (buffer !== undefined && buffer.bytes >= bytes) return buffer;
    if (buffer !== undefined) this.#memory.give(buffer);
    const larger = this.#memory.take(bytes);
    this.#slots[slot] = larger;
    return larger;
  }

  release(): void {
    for (const buffer of this.#slots.splice(0)) this.#memory.give(buffer);
  }
}

/** A plan whose kernels are compiled: a run is one command encoder and one submit. */
export class WebGpuProgram implements DeviceProgram<Region> {
  readonly #device: GPUDevice;
  readonly #memory: Memory;
  readonly #slots: Slots;
  readonly #kernels: Kernels;
  readonly #plan: DevicePlan;
  readonly #dispatches: readonly Dispatch[];
  /** Bytes that each slot must have. */
  readonly #sizes: readonly number[];
  readonly #values: GPUBuffer | null;

  constructor(
    device: GPUDevice,
    memory: Memory,
    slots: Slots,
    kernels: Kernels,
    plan: DevicePlan,
    loaded: readonly Kernel[],
  ) {
    this.#device = device;
    this.#memory = memory;
    this.#slots = slots;
    this.#kernels = kernels;
    this.#plan = plan;
    const { places, sizes } = assignSlots(plan);
    this.#sizes = sizes;
    this.#dispatches = plan.programs.map((program, i) => ({
      program,
      kernel: loaded[i]!,
      slot: places[i]!,
      groups: [],
    }));
    this.#values =
      plan.values === 0 ? null : device.createBuffer({ size: 4 * plan.values, usage: STORAGE | COPY_DST });
  }

  issue(values: Float32Array, bound: readonly Region[]): Region[] | Promise<Region[]> {
    const slots = this.#sizes.map((bytes, slot) => this.#slots.at(slot, bytes));
    const packs = this.#dispatches.map(({ program, slot }) =>
      slot === null ? this.#memory.take(packBytes(program)) : slots[slot]!,
    );
    const { made } = this.#memory;
    return made === null
      ? this.#submitWhole(values, bound, packs)
      : made.then(() => this.#submitWhole(values, bound, packs));
  }

  /** Submits nothing that would be refused for a buffer that there was no memory for: then nothing is overwritten. */
  #submitWhole(values: Float32Array, bound: readonly Region[], packs: readonly PooledBuffer[]): Region[] {
    const lacking = this.#dispatches.filter((_, i) => packs[i]!.missing).map(({ program }) => program);
    if (lacking.length === 0 && !bound.some((region) => region?.buffer.missing))
      return this.#submit(values, bound, packs);
    this.#dispatches.forEach(({ slot }, i) => {
      if (slot === null) this.#memory.give(packs[i]!);
    });
    this.#slots.release();
    // Several may share a place: the largest is what it is too small for.
    const [{ name }] = [...lacking, { name: 'run', floats: 0 }].sort((a, b) => b.floats - a.floats) as [
      Program,
    ];
    throw new MemoryError(
      `[${name}] there is no memory on the device beside the ${this.#memory.used} bytes in use. Use smaller batches or a ` +
        "smaller model, or another backend: await setBackend('wasm').",
    );
  }

  #submit(values: Float32Array, bound: readonly Region[], packs: readonly PooledBuffer[]): Region[] {
    const device = this.#device;
    if (this.#values !== null)
      device.queue.writeBuffer(
        this.#values,
        0,
        values.buffer as ArrayBuffer,
        values.byteOffset,
        this.#values.size,
      );
    const regions: (Region | undefined)[] = this.#plan.buffers.map((b) =>
      b.bound === null ? undefined : bound[b.bound],
    );
    const kept = new Set(this.#plan.kept);
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    this.#dispatches.forEach((dispatch, i) => {
      const { program, kernel } = dispatch;
      const buffer = packs[i]!;
      const pitch = 4 * pitchOf(program.floats);
      program.outputs.forEach((output, k) => {
        regions[output] = { buffer, byteOffset: k * pitch, floats: program.floats };
        if (kept.has(output)) buffer.uses++;
      });
      pass.setPipeline(kernel.pipeline);
      pass.setBindGroup(0, this.#bind(dispatch, regions, buffer));
      pass.dispatchWorkgroups(...kernel.groups);
    });
    pass.end();
    device.queue.submit([encoder.finish()]);
    return this.#plan.kept.map((b) => regions[b]!);
  }

  release(): void {
    for (const { program, kernel } of this.#dispatches) {
      kernel.params.destroy();
      this.#kernels.release(program);
    }
    this.#values?.destroy();
  }

  #bind(dispatch: Dispatch, regions: readonly (Region | undefined)[], result: PooledBuffer): GPUBindGroup {
    const { program, kernel, groups } = dispatch;
    const known = groups.find((bound) => bound.result === result.id && binds(bound, program, regions));
    if (known !== undefined) return known.group;
    const whole = (buffer: GPUBuffer): GPUBufferBinding => ({ buffer });
    const resources = [
      whole(kernel.params),
      ...program.inputs.map((input): GPUBufferBinding => {
        const { buffer, byteOffset, floats } = regions[input]!;
        return { buffer: buffer.gpu, offset: byteOffset, size: 4 * Math.max(1, floats) };
      }),
      ...(program.usesValues ? [whole(this.#values!)] : []),
      { buffer: result.gpu, offset: 0, size: packBytes(program) },
    ];
    const group = this.#device.createBindGroup({
      layout: kernel.layout,
      entries: resources.map((resource, binding) => ({ binding, resource })),
    });
    if (groups.length === GROUPS) groups.shift();
    const inputs = program.inputs.map((input) => regions[input]!);
    groups.push({ group, result: result.id, inputs });
    return group;
  }
}

/** Does a bind group bind the regions that a program's inputs are in now? Buffers' ids are never used again. */
function binds({ inputs }: Bound, program: Program, regions: readonly (Region | undefined)[]): boolean {
  for (let k = 0; k < inputs.length; k++) {
    const [had, has] = [inputs[k]!, regions[program.inputs[k]!]!];
    if (had.buffer.id !== has.buffer.id || had.byteOffset !== has.byteOffset) return false;
  }
  return true;
}

/** Bytes for all outputs of a program. */
const packBytes = ({ outputs, floats }: Program): number => 4 * outputs.length * pitchOf(floats);

/** Gives each program's outputs a slot until their last use, the smallest free one that holds them. */
function assignSlots({ programs, kept }: DevicePlan): { places: (number | null)[]; sizes: number[] } {
  const last = new Map<number, number>();
  programs.forEach(({ inputs, outputs }, i) => {
    for (const b of [...outputs, ...inputs]) last.set(b, i);
  });
  const outlives = new Set(kept);
  const sizes: number[] = [];
  const free: number[] = [];
  const ends = new Map<number, number[]>();
  const places = programs.map((program, i) => {
    const { outputs } = program;
    let place: number | null = null;
    if (!outputs.some((b) => outlives.has(b))) {
      const bytes = packBytes(program);
      const fitting = free.filter((slot) => sizes[slot]! >= bytes).sort((a, b) => sizes[a]! - sizes[b]!);
      const largest = [...free].sort((a, b) => sizes[b]! - sizes[a]!)[0];
      place = fitting[0] ?? largest ?? sizes.push(0) - 1;
      sizes[place] = Math.max(sizes[place]!, bytes);
      if (free.includes(place)) free.splice(free.indexOf(place), 1);
      const end = Math.max(...outputs.map((b) => last.get(b)!));
      ends.set(end, [...(ends.get(end) ?? []), place]);
    }
    free.push(...(ends.get(i) ?? []));
    return place;
  });
  return { places, sizes };
}
