/// <reference types="@webgpu/types" />

import type { Limits } from '../../../ir/backend.ts';
import { MemoryError } from '../../../ir/errors.ts';
import { type Device, type DeviceExecutable, type DevicePlan, programsOf } from '../device/device.ts';
import { deviceLostError } from '../device/device-lost.ts';
import type { GpuJs } from '../device/gpu-js.ts';
import { ALIGNMENT, BufferAllocator, type BufferRegion } from './buffer-allocator.ts';
import { BufferPool, WebGpuExecutable } from './executable.ts';
import { type CompiledProgram, ProgramCache } from './program-cache.ts';

const MAP_MODE_READ = 1; // GPUMapMode.READ

/** What the device is made of. */
export interface WebGpuParts {
  readonly gpuJs: GpuJs;
  readonly adapter: GPUAdapter;
  readonly device: GPUDevice;
  /** Name of the adapter, for messages. */
  readonly name: string;
}

/** WebGPU: gpu.js compiles the pipelines; buffers and command encoders are managed here. */
export class WebGpuDevice implements Device<BufferRegion> {
  readonly name = 'webgpu';
  readonly adapter: string;
  readonly limits: Limits;
  readonly maxFloats: number;
  readonly maxBuffers: number;
  readonly tiles = true;
  readonly #device: GPUDevice;
  readonly #programs: ProgramCache;
  readonly #allocator: BufferAllocator;
  readonly #pool: BufferPool;
  #lost: string | null = null;

  constructor({ gpuJs, adapter, device, name }: WebGpuParts) {
    this.adapter = name;
    this.#device = device;
    this.#programs = new ProgramCache(gpuJs, adapter, device);
    this.#allocator = new BufferAllocator(device);
    this.#pool = new BufferPool(this.#allocator);
    const { limits } = device;
    // One binding is for the outputs and one for the run's values.
    this.maxBuffers = limits.maxStorageBuffersPerShaderStage - 2;
    this.limits = { maxInputs: Math.max(2, this.maxBuffers - 2), maxNodes: 512, maxStores: 4, arena: false };
    this.maxFloats = Math.floor(Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize) / 4);
    device.lost.then(({ message, reason }) => {
      this.#lost ??= reason === 'destroyed' ? 'it was destroyed' : message || 'the browser gives no reason';
    });
    // After an unknown error no result can be trusted.
    device.onuncapturederror = ({ error }) => {
      this.#lost ??= `it failed (${error.message.split('\n', 1)[0]})`;
    };
  }

  get memory(): { bytes: number; used: number } {
    return { bytes: this.#allocator.bytes, used: this.#allocator.used };
  }

  get lost(): string | null {
    return this.#lost;
  }

  upload(data: Float32Array): BufferRegion {
    const buffer = this.#allocator.take(data.byteLength);
    buffer.uses++;
    // Writing fails if the allocation failed. The run that uses the buffer reports that.
    this.#ignoringErrors(() =>
      this.#device.queue.writeBuffer(
        buffer.gpu,
        0,
        data.buffer as ArrayBuffer,
        data.byteOffset,
        data.byteLength,
      ),
    );
    return { buffer, byteOffset: 0, floats: data.length };
  }

  async download(regions: readonly BufferRegion[]): Promise<Float32Array[]> {
    const starts: number[] = [];
    let bytes = 0;
    for (const { floats } of regions) {
      starts.push(bytes);
      bytes += Math.ceil((4 * floats) / ALIGNMENT) * ALIGNMENT;
    }
    const staging = this.#allocator.takeStaging(bytes);
    try {
      // If the allocation failed, mapping reports two errors: the scope catches one, `await` throws the other.
      this.#device.pushErrorScope('validation');
      const encoder = this.#device.createCommandEncoder();
      regions.forEach(({ buffer, byteOffset, floats }, i) => {
        encoder.copyBufferToBuffer(buffer.gpu, byteOffset, staging, starts[i]!, 4 * floats);
      });
      this.#device.queue.submit([encoder.finish()]);
      const mapping = staging.mapAsync(MAP_MODE_READ, 0, bytes);
      this.#device.popErrorScope().catch(() => {}); // the device is lost; `Device.lost` reports it
      await mapping;
      this.#assertUsable();
      const all = new Float32Array(staging.getMappedRange(0, bytes).slice(0));
      staging.unmap();
      this.#allocator.giveStaging(staging);
      return regions.map(({ floats }, i) => all.subarray(starts[i]! / 4, starts[i]! / 4 + floats));
    } catch (cause) {
      this.#allocator.dropStaging(staging);
      this.#assertUsable();
      throw new MemoryError(
        `[webgpu] there is no memory on the device to read ${bytes} bytes back. Read less at a time.`,
        { cause },
      );
    }
  }

  async finished(): Promise<void> {
    await this.#device.queue.onSubmittedWorkDone();
    this.#assertUsable();
  }

  release(region: BufferRegion): void {
    this.#allocator.release(region);
  }

  trim(): void {
    this.#pool.release();
    this.#allocator.clear();
  }

  async load(plan: DevicePlan): Promise<DeviceExecutable<BufferRegion>> {
    const programs = [...programsOf(plan)];
    const loaded = await Promise.allSettled(programs.map((program) => this.#programs.load(program)));
    const failed = loaded.find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      loaded.forEach((result, i) => {
        if (result.status === 'rejected') return;
        result.value.params.destroy();
        this.#programs.release(programs[i]!);
      });
      throw failed.reason;
    }
    const compiled = new Map(
      programs.map((program, i) => [program, (loaded[i] as PromiseFulfilledResult<CompiledProgram>).value]),
    );
    return new WebGpuExecutable(this.#device, this.#allocator, this.#pool, this.#programs, plan, compiled);
  }

  async destroy(): Promise<void> {
    if (this.#lost === null) await this.#device.queue.onSubmittedWorkDone();
    this.#pool.release();
    this.#allocator.clear();
    this.#device.destroy();
  }

  #assertUsable(): void {
    const error = deviceLostError(this);
    if (error !== null) throw error;
  }

  /** Runs commands that fail if an allocation failed, without reporting that. */
  #ignoringErrors(work: () => void): void {
    const mayFail = this.#allocator.allocated !== null;
    if (mayFail) this.#device.pushErrorScope('validation');
    work();
    if (mayFail) this.#device.popErrorScope().catch(() => {}); // the device is lost; `Device.lost` reports it
  }
}
