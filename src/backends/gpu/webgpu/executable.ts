/// <reference types="@webgpu/types" />

import { MemoryError } from '../../../ir/errors.ts';
import {
  type DeviceExecutable,
  type DevicePlan,
  type ProgramCall,
  type ShaderProgram,
  valueStride,
} from '../device/device.ts';
import type { AllocatedBuffer, BufferAllocator, BufferRegion } from './buffer-allocator.ts';
import { type CompiledProgram, outputStride, type ProgramCache } from './program-cache.ts';

const COPY_DST = 0x0008; // GPUBufferUsage
const STORAGE = 0x0080;

/** The most bind groups that a dispatch caches. A storage that is overwritten alternates between two buffers. */
const MAX_BIND_GROUPS = 8;

/** One dispatch of a plan. */
interface Dispatch {
  readonly call: ProgramCall;
  readonly compiled: CompiledProgram;
  /** The pool's buffer for its outputs, if they are intermediates; null for a new buffer, which outlives the run. */
  readonly poolIndex: number | null;
  readonly bindGroups: CachedBindGroup[];
}

/** A bind group, and what it binds. */
interface CachedBindGroup {
  readonly group: GPUBindGroup;
  /** Id of the buffer with the outputs. */
  readonly result: number;
  readonly inputs: readonly BufferRegion[];
}

/** Buffers for the intermediates of plans. Runs follow one another, so all plans share them. */
export class BufferPool {
  readonly #allocator: BufferAllocator;
  readonly #buffers: AllocatedBuffer[] = [];

  constructor(allocator: BufferAllocator) {
    this.#allocator = allocator;
  }

  /** The buffer with a number, replaced by a larger one if it has less than `bytes` bytes. */
  at(index: number, bytes: number): AllocatedBuffer {
    const buffer = this.#buffers[index];
    if (buffer !== undefined && buffer.bytes >= bytes) return buffer;
    if (buffer !== undefined) this.#allocator.give(buffer);
    const larger = this.#allocator.take(bytes);
    this.#buffers[index] = larger;
    return larger;
  }

  release(): void {
    for (const buffer of this.#buffers.splice(0)) this.#allocator.give(buffer);
  }
}

/** A plan with compiled programs. A run is one command encoder and one submission. */
export class WebGpuExecutable implements DeviceExecutable<BufferRegion> {
  readonly #device: GPUDevice;
  readonly #allocator: BufferAllocator;
  readonly #pool: BufferPool;
  readonly #cache: ProgramCache;
  readonly #plan: DevicePlan;
  readonly #compiled: ReadonlyMap<ShaderProgram, CompiledProgram>;
  readonly #dispatches: readonly Dispatch[];
  /** Bytes that each buffer of the pool must have. */
  readonly #poolBytes: readonly number[];
  readonly #values: GPUBuffer | null;

  constructor(
    device: GPUDevice,
    allocator: BufferAllocator,
    pool: BufferPool,
    cache: ProgramCache,
    plan: DevicePlan,
    compiled: ReadonlyMap<ShaderProgram, CompiledProgram>,
  ) {
    this.#device = device;
    this.#allocator = allocator;
    this.#pool = pool;
    this.#cache = cache;
    this.#plan = plan;
    const { indices, bytes } = assignPoolBuffers(plan);
    this.#poolBytes = bytes;
    this.#compiled = compiled;
    this.#dispatches = plan.calls.map((call, i) => ({
      call,
      compiled: compiled.get(call.program)!,
      poolIndex: indices[i]!,
      bindGroups: [],
    }));
    const values = (plan.valueSets - 1) * valueStride(plan.values) + plan.values;
    this.#values =
      plan.values === 0 ? null : device.createBuffer({ size: 4 * values, usage: STORAGE | COPY_DST });
  }

  issue(values: Float32Array, bound: readonly BufferRegion[]): BufferRegion[] | Promise<BufferRegion[]> {
    const pooled = this.#poolBytes.map((bytes, index) => this.#pool.at(index, bytes));
    const buffers = this.#dispatches.map(({ call, poolIndex }) =>
      poolIndex === null ? this.#allocator.take(outputBytes(call.program)) : pooled[poolIndex]!,
    );
    const { allocated } = this.#allocator;
    return allocated === null
      ? this.#submitIfAllocated(values, bound, buffers)
      : allocated.then(() => this.#submitIfAllocated(values, bound, buffers));
  }

  /** Submits the run, or throws a MemoryError if an allocation failed. Nothing is submitted then, so nothing is overwritten. */
  #submitIfAllocated(
    values: Float32Array,
    bound: readonly BufferRegion[],
    buffers: readonly AllocatedBuffer[],
  ): BufferRegion[] {
    const lacking = this.#dispatches.filter((_, i) => buffers[i]!.missing).map(({ call }) => call.program);
    if (lacking.length === 0 && !bound.some((region) => region?.buffer.missing))
      return this.#submit(values, bound, buffers);
    this.#dispatches.forEach(({ poolIndex }, i) => {
      if (poolIndex === null) this.#allocator.give(buffers[i]!);
    });
    this.#pool.release();
    // Several programs may share a buffer of the pool. The error names the largest one.
    const [{ name }] = [...lacking, { name: 'run', floats: 0 }].sort((a, b) => b.floats - a.floats) as [
      ShaderProgram,
    ];
    throw new MemoryError(
      `[${name}] there is no memory on the device beside the ${this.#allocator.used} bytes in use. Use smaller batches or a ` +
        "smaller model, or another backend: await setBackend('wasm').",
    );
  }

  #submit(
    values: Float32Array,
    bound: readonly BufferRegion[],
    buffers: readonly AllocatedBuffer[],
  ): BufferRegion[] {
    const device = this.#device;
    if (this.#values !== null)
      device.queue.writeBuffer(
        this.#values,
        0,
        values.buffer as ArrayBuffer,
        values.byteOffset,
        this.#values.size,
      );
    const regions: (BufferRegion | undefined)[] = this.#plan.buffers.map((b) =>
      b.bound === null ? undefined : bound[b.bound],
    );
    const planOutputs = new Set(this.#plan.outputs);
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    this.#dispatches.forEach((dispatch, i) => {
      const { call, compiled } = dispatch;
      const buffer = buffers[i]!;
      const { floats } = call.program;
      const stride = 4 * outputStride(floats);
      call.outputs.forEach((output, k) => {
        regions[output] = { buffer, byteOffset: k * stride, floats };
        if (planOutputs.has(output)) buffer.uses++;
      });
      pass.setPipeline(compiled.pipeline);
      pass.setBindGroup(0, this.#bind(dispatch, regions, buffer));
      pass.dispatchWorkgroups(...compiled.workgroups);
    });
    pass.end();
    device.queue.submit([encoder.finish()]);
    return this.#plan.outputs.map((b) => regions[b]!);
  }

  release(): void {
    for (const [program, compiled] of this.#compiled) {
      compiled.params.destroy();
      this.#cache.release(program);
    }
    this.#values?.destroy();
  }

  #bind(
    dispatch: Dispatch,
    regions: readonly (BufferRegion | undefined)[],
    result: AllocatedBuffer,
  ): GPUBindGroup {
    const { call, compiled, bindGroups } = dispatch;
    const { program, valueSet } = call;
    const cached = bindGroups.find((bound) => bound.result === result.id && binds(bound, call, regions));
    if (cached !== undefined) return cached.group;
    const { values } = this.#plan;
    const whole = (buffer: GPUBuffer): GPUBufferBinding => ({ buffer });
    const resources = [
      whole(compiled.params),
      ...call.inputs.map((input): GPUBufferBinding => {
        const { buffer, byteOffset, floats } = regions[input]!;
        return { buffer: buffer.gpu, offset: byteOffset, size: 4 * Math.max(1, floats) };
      }),
      ...(program.usesValues
        ? [{ buffer: this.#values!, offset: 4 * valueStride(values) * valueSet, size: 4 * values }]
        : []),
      { buffer: result.gpu, offset: 0, size: outputBytes(program) },
    ];
    const group = this.#device.createBindGroup({
      layout: compiled.layout,
      entries: resources.map((resource, binding) => ({ binding, resource })),
    });
    if (bindGroups.length === MAX_BIND_GROUPS) bindGroups.shift();
    const inputs = call.inputs.map((input) => regions[input]!);
    bindGroups.push({ group, result: result.id, inputs });
    return group;
  }
}

/** Does a bind group bind the regions that hold a program's inputs now? Ids of buffers are never reused. */
function binds(
  { inputs }: CachedBindGroup,
  call: ProgramCall,
  regions: readonly (BufferRegion | undefined)[],
): boolean {
  for (let k = 0; k < inputs.length; k++) {
    const [bound, current] = [inputs[k]!, regions[call.inputs[k]!]!];
    if (bound.buffer.id !== current.buffer.id || bound.byteOffset !== current.byteOffset) return false;
  }
  return true;
}

/** Bytes for all outputs of a program. */
const outputBytes = ({ writes, floats }: ShaderProgram): number => 4 * writes * outputStride(floats);

/**
 * Assigns a buffer of the pool to the outputs of each call until their last use: the smallest free one that is large enough, else the
 * largest free one, which grows. Null where a run returns an output.
 */
function assignPoolBuffers({ calls, outputs }: DevicePlan): {
  indices: (number | null)[];
  bytes: number[];
} {
  const last = new Map<number, number>();
  calls.forEach((call, i) => {
    for (const b of [...call.outputs, ...call.inputs]) last.set(b, i);
  });
  const planOutputs = new Set(outputs);
  const bytes: number[] = [];
  const free: number[] = [];
  const freed = new Map<number, number[]>();
  const indices = calls.map((call, i) => {
    let index: number | null = null;
    if (!call.outputs.some((b) => planOutputs.has(b))) {
      const needed = outputBytes(call.program);
      const fitting = free.filter((k) => bytes[k]! >= needed).sort((a, b) => bytes[a]! - bytes[b]!);
      const largest = [...free].sort((a, b) => bytes[b]! - bytes[a]!)[0];
      index = fitting[0] ?? largest ?? bytes.push(0) - 1;
      bytes[index] = Math.max(bytes[index]!, needed);
      if (free.includes(index)) free.splice(free.indexOf(index), 1);
      const end = Math.max(...call.outputs.map((b) => last.get(b)!));
      freed.set(end, [...(freed.get(end) ?? []), index]);
    }
    free.push(...(freed.get(i) ?? []));
    return index;
  });
  return { indices, bytes };
}
