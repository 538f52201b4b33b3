/// <reference types="@webgpu/types" />

import { StateError } from '../../../ir/errors.ts';
import type { Limits } from '../../../ir/kernel.ts';
import type { Device, DevicePlan, DeviceProgram } from '../device.ts';
import type { GpuJs } from '../gpu-js.ts';
import { Slots, WebGpuProgram } from './executable.ts';
import { type Kernel, Kernels } from './kernels.ts';
import { ALIGNMENT, Memory, type Region } from './memory.ts';

const MAP_MODE_READ = 1; // GPUMapMode.READ

/** Where gpu.js's kernels run on WebGPU. */
export interface WebGpuParts {
  readonly gpuJs: GpuJs;
  readonly adapter: GPUAdapter;
  readonly device: GPUDevice;
  /** The adapter, for people. */
  readonly name: string;
}

/** gpu.js on WebGPU: its compiled kernels, our buffers and command encoders. */
export class WebGpuDevice implements Device<Region> {
  readonly name = 'webgpu';
  readonly adapter: string;
  readonly limits: Limits;
  readonly maxFloats: number;
  readonly maxBuffers: number;
  readonly tiles = true;
  readonly #device: GPUDevice;
  readonly #kernels: Kernels;
  readonly #memory: Memory;
  readonly #slots: Slots;
  #lost: string | null = null;
  /** What went wrong on the device since it was asked last. */
  #trouble: string | null = null;

  constructor({ gpuJs, adapter, device, name }: WebGpuParts) {
    this.adapter = name;
    this.#device = device;
    this.#kernels = new Kernels(gpuJs, adapter, device);
    this.#memory = new Memory(device, (what) => {
      this.#trouble ??= `it is out of memory (${what})`;
    });
    this.#slots = new Slots(this.#memory);
    const { limits } = device;
    // One binding is for the results and one for the run's values.
    this.maxBuffers = limits.maxStorageBuffersPerShaderStage - 2;
    this.limits = { maxInputs: Math.max(2, this.maxBuffers - 2), maxNodes: 512, maxStores: 4 };
    this.maxFloats = Math.floor(Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize) / 4);
    device.lost.then(({ message, reason }) => {
      this.#lost = reason === 'destroyed' ? 'it was destroyed' : message || 'the browser gives no reason';
    });
    device.onuncapturederror = ({ error }) => {
      this.#trouble ??= error.message;
    };
  }

  get memory(): { bytes: number; used: number } {
    return { bytes: this.#memory.bytes, used: this.#memory.used };
  }

  get lost(): string | null {
    return this.#lost;
  }

  upload(data: Float32Array): Region {
    const buffer = this.#memory.take(data.byteLength);
    buffer.uses++;
    this.#device.queue.writeBuffer(
      buffer.gpu,
      0,
      data.buffer as ArrayBuffer,
      data.byteOffset,
      data.byteLength,
    );
    return { buffer, byteOffset: 0, floats: data.length };
  }

  async download(regions: readonly Region[]): Promise<Float32Array[]> {
    const starts: number[] = [];
    let bytes = 0;
    for (const { floats } of regions) {
      starts.push(bytes);
      bytes += Math.ceil((4 * floats) / ALIGNMENT) * ALIGNMENT;
    }
    const staging = this.#memory.takeStaging(bytes);
    try {
      const encoder = this.#device.createCommandEncoder();
      regions.forEach(({ buffer, byteOffset, floats }, i) => {
        encoder.copyBufferToBuffer(buffer.gpu, byteOffset, staging, starts[i]!, 4 * floats);
      });
      this.#device.queue.submit([encoder.finish()]);
      await staging.mapAsync(MAP_MODE_READ, 0, bytes);
      this.#complain();
      const all = new Float32Array(staging.getMappedRange(0, bytes).slice(0));
      return regions.map(({ floats }, i) => all.subarray(starts[i]! / 4, starts[i]! / 4 + floats));
    } catch (error) {
      this.#complain();
      throw error;
    } finally {
      staging.unmap();
      this.#memory.giveStaging(staging);
    }
  }

  async finished(): Promise<void> {
    await this.#device.queue.onSubmittedWorkDone();
    this.#complain();
  }

  release(region: Region): void {
    this.#memory.release(region);
  }

  async load(plan: DevicePlan): Promise<DeviceProgram<Region>> {
    const loaded = await Promise.allSettled(plan.programs.map((program) => this.#kernels.load(program)));
    const failed = loaded.find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      loaded.forEach((result, i) => {
        if (result.status === 'rejected') return;
        result.value.params.destroy();
        this.#kernels.release(plan.programs[i]!);
      });
      throw failed.reason;
    }
    const kernels = loaded.map((result) => (result as PromiseFulfilledResult<Kernel>).value);
    return new WebGpuProgram(this.#device, this.#memory, this.#slots, this.#kernels, plan, kernels);
  }

  async destroy(): Promise<void> {
    if (this.#lost === null) await this.#device.queue.onSubmittedWorkDone();
    this.#slots.release();
    this.#memory.clear();
    this.#device.destroy();
  }

  /** Throws what the device has told of since it was asked last. */
  #complain(): void {
    if (this.#lost !== null) {
      throw new StateError(
        `[webgpu] the device was lost: ${this.#lost}. Values that were only there are gone; make a new one with gpu().`,
      );
    }
    const trouble = this.#trouble;
    this.#trouble = null;
    if (trouble !== null)
      throw new StateError(`[webgpu] the device reports: ${trouble}. Smaller batches need less memory.`);
  }
}
