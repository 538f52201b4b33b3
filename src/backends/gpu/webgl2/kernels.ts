import type { Program } from '../device/device.ts';
import type { TextureGpu } from '../device/gpu-js.ts';
import type { Context } from './context.ts';
import { Kernel, type Shape } from './kernel.ts';

interface Entry {
  readonly key: string;
  readonly kernel: Kernel;
  users: number;
}

/** Compiled kernels. Programs with the same text and sizes share one, within a plan and among plans. */
export class Kernels {
  readonly #context: Context;
  readonly #gpu: TextureGpu;
  readonly #framebuffer: WebGLFramebuffer;
  // gpu.js makes its canvas as large as the largest output; a real one would take that much memory.
  readonly #canvas = { width: 1, height: 1 };
  readonly #entries = new Map<string, Entry>();
  readonly #entryOf = new Map<Kernel, Entry>();

  constructor(context: Context, gpu: TextureGpu, framebuffer: WebGLFramebuffer) {
    this.#context = context;
    this.#gpu = gpu;
    this.#framebuffer = framebuffer;
  }

  /** A kernel for the program, compiled where there is none yet. */
  acquire(program: Program, shape: Shape): Kernel {
    const { output, inputs, values } = shape;
    const sizes = [output.floats, ...inputs.map(({ width }) => width), values?.width ?? 0];
    const key = `${program.quad} ${sizes.join(' ')}\n${program.body}`;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      const place = { context: this.#context, framebuffer: this.#framebuffer, canvas: this.#canvas };
      const kernel = new Kernel(this.#gpu, place, program, shape);
      entry = { key, kernel, users: 0 };
      this.#entries.set(key, entry);
      this.#entryOf.set(kernel, entry);
    }
    entry.users++;
    return entry.kernel;
  }

  /** To be called once for each `acquire`; after `close` it does nothing. */
  release(kernel: Kernel): void {
    const entry = this.#entryOf.get(kernel);
    if (entry === undefined || --entry.users > 0) return;
    this.#forget(entry);
    kernel.destroy(false);
  }

  /** Gives all kernels back, whoever uses them. */
  close(): void {
    for (const entry of this.#entries.values()) {
      this.#forget(entry);
      entry.kernel.destroy(true);
    }
  }

  #forget({ key, kernel }: Entry): void {
    this.#entries.delete(key);
    this.#entryOf.delete(kernel);
  }
}
