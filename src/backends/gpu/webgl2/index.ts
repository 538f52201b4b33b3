import type { Limits } from '../../../ir/backend.ts';
import { StateError } from '../../../ir/errors.ts';
import type { Device, DevicePlan, DeviceProgram } from '../device/device.ts';
import type { GpuJs } from '../device/gpu-js.ts';
import { Context } from './context.ts';
import { Kernels } from './kernels.ts';
import { TextureProgram } from './program.ts';
import { download, Fences } from './readback.ts';
import { type Memory, Textures } from './textures.ts';

export type { Memory } from './textures.ts';

/** Where gpu.js's kernels run on WebGL2. */
export interface WebGl2Parts {
  readonly gpuJs: GpuJs;
  /** A context of ours alone that can write float32 textures. Its canvas's size and content do not matter. */
  readonly context: WebGL2RenderingContext;
  /** The adapter, for people. */
  readonly name: string;
}

/** A device on a context. Throws StateError where gpu.js does not run on it. */
export function webgl2Device({ gpuJs, context: gl, name }: WebGl2Parts): Device<Memory> {
  const context = new Context(gl, name);
  try {
    return new WebGl2Device(context, gpuJs);
  } catch (error) {
    context.requireAlive();
    const reason = error instanceof Error ? error.message : String(error);
    throw new StateError(
      `[gpu] got a WebGL2 (${name}) that gpu.js does not run on: ${reason}. Use another backend.`,
    );
  }
}

/** gpu.js on WebGL2: its kernels are draw calls, our textures are the arrays. */
class WebGl2Device implements Device<Memory> {
  readonly name = 'webgl2';
  readonly adapter: string;
  readonly limits: Limits;
  readonly maxFloats: number;
  readonly maxBuffers: number;
  readonly tiles = false;
  readonly #context: Context;
  readonly #textures: Textures;
  readonly #framebuffer: WebGLFramebuffer;
  readonly #kernels: Kernels;
  readonly #fences: Fences;

  constructor(context: Context, gpuJs: GpuJs) {
    const { gl } = context;
    this.#context = context;
    this.#textures = new Textures(context);
    this.#framebuffer = gl.createFramebuffer();
    this.#kernels = new Kernels(context, new gpuJs.GPU({ mode: 'webgl2' }), this.#framebuffer);
    this.#fences = new Fences(context);
    this.adapter = context.adapter;
    this.maxFloats = this.#textures.maxFloats;
    // One is for the run's values.
    this.maxBuffers = gl.getParameter(gl.MAX_TEXTURE_IMAGE_UNITS) - 1;
    // What a kernel's source reads and what its epilogue reads are counted apart.
    this.limits = { maxInputs: Math.floor(this.maxBuffers / 2), maxNodes: 256, maxStores: 1 };
  }

  get memory(): { bytes: number; used: number } {
    return { bytes: this.#textures.bytes, used: this.#textures.used };
  }

  get lost(): string | null {
    return this.#context.lost;
  }

  upload(data: Float32Array): Memory {
    this.#context.requireAlive();
    this.#textures.nextTurn();
    const memory = this.#textures.allocate(data.length, 'upload');
    this.#textures.write(memory, data);
    return memory;
  }

  download(memories: readonly Memory[]): Promise<Float32Array[]> {
    return download(this.#context, this.#textures, this.#fences, this.#framebuffer, memories);
  }

  async finished(): Promise<void> {
    await this.#fences.wait();
    this.#context.check('run', this.#textures.used);
  }

  release(memory: Memory): void {
    this.#textures.release(memory);
  }

  trim(): void {
    this.#textures.trim();
  }

  load(plan: DevicePlan): Promise<DeviceProgram<Memory>> {
    return TextureProgram.load(this.#context, this.#textures, this.#kernels, plan);
  }

  async destroy(): Promise<void> {
    if (this.#context.lost === null) await this.#fences.wait().catch(() => {});
    this.#kernels.close();
    this.#textures.close();
    this.#context.gl.deleteFramebuffer(this.#framebuffer);
    this.#context.close('it was destroyed');
    this.#fences.close();
  }
}
