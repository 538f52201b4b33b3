/// <reference types="@webgpu/types" />

import type { Limits } from '../../../ir/backend.ts';
import { MemoryError } from '../../../ir/errors.ts';
import type { Device, DevicePlan, DeviceProgram } from '../device/device.ts';
import type { GpuJs } from '../device/gpu-js.ts';
import { lostError } from '../device/lost.ts';
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

  constructor({ gpuJs, adapter, device, name }: WebGpuParts) {
    this.adapter = name;
    this.#device = device;
    this.#kernels = new Kernels(gpuJs, adapter, device);
    this.#memory = new Memory(device);
    this.#slots = new Slots(this.#memory);
    const { limits } = device;
    // One binding is for the results and one for the run's values.
    this.maxBuffers = limits.maxStorageBuffersPerShaderStage - 2;
    this.limits = { maxInputs: Math.max(2, this.maxBuffers - 2), maxNodes: 512, maxStores: 4 };
    this.maxFloats = Math.floor(Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize) / 4);
    device.lost.then(({ message, reason }) => {
      this.#lost ??= reason === 'destroyed' ? 'it was destroyed' : message || 'the browser gives no reason';
    });
    // Whatever it is, results are not to be trusted any more.
    device.onuncapturederror = ({ error }) => {
      this.#lost ??= `it went wrong (${error.message.split('\n', 1)[0]})`;
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
    // A buffer that there was no memory for refuses; whoever issues a run with it hears of that.
    this.#quietly(() =>
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

  async download(regions: readonly Region[]): Promise<Float32Array[]> {
    const starts: number[] = [];
    let bytes = 0;
    for (const { floats } of regions) {
      starts.push(bytes);
      bytes += Math.ceil((4 * floats) / ALIGNMENT) * ALIGNMENT;
    }
    const staging = this.#memory.takeStaging(bytes);
    try {
      // A buffer that there was no memory for refuses to be mapped, and says so twice.
      this.#device.pushErrorScope('validation');
      const encoder = this.#device.createCommandEncoder();
      regions.forEach(({ buffer, byteOffset, floats }, i) => {
        encoder.copyBufferToBuffer(buffer.gpu, byteOffset, staging, starts[i]!, 4 * floats);
      });
      this.#device.queue.submit([encoder.finish()]);
      const mapping = staging.mapAsync(MAP_MODE_READ, 0, bytes);
      this.#device.popErrorScope().catch(() => {}); // the device is lost, which is told elsewhere
      await mapping;
      this.#assertThere();
      const all = new Float32Array(staging.getMappedRange(0, bytes).slice(0));
      staging.unmap();
      this.#memory.giveStaging(staging);
      return regions.map(({ floats }, i) => all.subarray(starts[i]! / 4, starts[i]! / 4 + floats));
    } catch (cause) {
      this.#memory.dropStaging(staging);
      this.#assertThere();
      throw new MemoryError(
        `[webgpu] there is no memory on the device to read ${bytes} bytes back. Read less at a time.`,
        {
          cause,
        },
      );
    }
  }

  async finished(): Promise<void> {
    await this.#device.queue.onSubmittedWorkDone();
    this.#assertThere();
  }

  release(region: Region): void {
    this.#memory.release(region);
  }

  trim(): void {
    this.#slots.release();
    this.#memory.clear();
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

  #assertThere(): void {
    const error = lostError(this);
    if (error !== null) throw error;
  }

  /** Does something that fails where a buffer is missing, which is told elsewhere. */
  #quietly(work: () => void): void {
    const doubtful = this.#memory.made !== null;
    if (doubtful) this.#device.pushErrorScope('validation');
    work();
    if (doubtful) this.#device.popErrorScope().catch(() => {}); // the device is lost, which is told elsewhere
  }
}
