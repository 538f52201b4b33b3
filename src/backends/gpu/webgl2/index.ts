import type { Limits } from '../../../ir/backend.ts';
import { StateError } from '../../../ir/errors.ts';
import { errorMessage } from '../../../util/error-message.ts';
import type { Device, DeviceExecutable, DevicePlan } from '../device/device.ts';
import type { GpuJs } from '../device/gpu-js.ts';
import { Context } from './context.ts';
import { WebGl2Executable } from './executable.ts';
import { ProgramCache } from './program-cache.ts';
import { download, Fences } from './readback.ts';
import { type TextureArray, TexturePool } from './texture-pool.ts';

export type { TextureArray as Memory } from './texture-pool.ts';

/** What the device is made of. */
export interface WebGl2Parts {
  readonly gpuJs: GpuJs;
  /** A context that nothing else uses and that can write float32 textures. Size and content of its canvas do not matter. */
  readonly context: WebGL2RenderingContext;
  /** Name of the adapter, for messages. */
  readonly name: string;
}

/** Creates a device on a context. Throws a StateError if gpu.js does not run on it. */
export function webgl2Device({ gpuJs, context: gl, name }: WebGl2Parts): Device<TextureArray> {
  const context = new Context(gl, name);
  try {
    return new WebGl2Device(context, gpuJs);
  } catch (error) {
    context.assertUsable();
    const reason = errorMessage(error);
    throw new StateError(
      `[gpu] got a WebGL2 (${name}) that gpu.js does not run on: ${reason}. Use another backend.`,
    );
  }
}

/** WebGL2: kernels of gpu.js are draw calls, and arrays are textures, which are managed here. */
class WebGl2Device implements Device<TextureArray> {
  readonly name = 'webgl2';
  readonly adapter: string;
  readonly limits: Limits;
  readonly maxFloats: number;
  readonly maxBuffers: number;
  readonly tiles = false;
  readonly #context: Context;
  readonly #textures: TexturePool;
  readonly #framebuffer: WebGLFramebuffer;
  readonly #programs: ProgramCache;
  readonly #fences: Fences;

  constructor(context: Context, gpuJs: GpuJs) {
    const { gl } = context;
    this.#context = context;
    this.#textures = new TexturePool(context);
    this.#framebuffer = gl.createFramebuffer();
    this.#programs = new ProgramCache(context, new gpuJs.GPU({ mode: 'webgl2' }), this.#framebuffer);
    this.#fences = new Fences(context);
    this.adapter = context.adapter;
    this.maxFloats = this.#textures.maxFloats;
    // One texture unit is for the run's values.
    this.maxBuffers = gl.getParameter(gl.MAX_TEXTURE_IMAGE_UNITS) - 1;
    // The compiler counts the inputs of a kernel's source and those of its epilogue separately.
    this.limits = { maxInputs: Math.floor(this.maxBuffers / 2), maxNodes: 256, maxStores: 1, arena: false };
  }

  get memory(): { bytes: number; used: number } {
    return { bytes: this.#textures.bytes, used: this.#textures.used };
  }

  get lost(): string | null {
    return this.#context.lost;
  }

  upload(data: Float32Array): TextureArray {
    this.#context.assertUsable();
    this.#textures.beginOperation();
    const memory = this.#textures.allocate(data.length, 'upload');
    this.#textures.write(memory, data);
    return memory;
  }

  download(memories: readonly TextureArray[]): Promise<Float32Array[]> {
    return download(this.#context, this.#textures, this.#fences, this.#framebuffer, memories);
  }

  async finished(): Promise<void> {
    await this.#fences.wait();
    this.#context.check('run', this.#textures.used);
  }

  release(memory: TextureArray): void {
    this.#textures.release(memory);
  }

  trim(): void {
    this.#textures.trim();
  }

  load(plan: DevicePlan): Promise<DeviceExecutable<TextureArray>> {
    return WebGl2Executable.load(this.#context, this.#textures, this.#programs, plan);
  }

  async destroy(): Promise<void> {
    if (this.#context.lost === null) await this.#fences.wait().catch(() => {});
    this.#programs.close();
    this.#textures.close();
    this.#context.gl.deleteFramebuffer(this.#framebuffer);
    this.#context.close('it was destroyed');
    this.#fences.close();
  }
}
