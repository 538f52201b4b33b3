import type { ShaderProgram } from '../device/device.ts';
import type { TextureGpu } from '../device/gpu-js.ts';
import { CompiledProgram, type ProgramLayouts } from './compiled-program.ts';
import type { Context } from './context.ts';

interface CacheEntry {
  readonly key: string;
  readonly compiled: CompiledProgram;
  users: number;
}

/** Compiled programs. Programs with the same text and texture sizes share one, within a plan and among plans. */
export class ProgramCache {
  readonly #context: Context;
  readonly #gpu: TextureGpu;
  readonly #framebuffer: WebGLFramebuffer;
  // gpu.js makes its canvas as large as the largest output. A real canvas would take that much memory.
  readonly #canvas = { width: 1, height: 1 };
  readonly #entries = new Map<string, CacheEntry>();
  readonly #entryOf = new Map<CompiledProgram, CacheEntry>();

  constructor(context: Context, gpu: TextureGpu, framebuffer: WebGLFramebuffer) {
    this.#context = context;
    this.#gpu = gpu;
    this.#framebuffer = framebuffer;
  }

  /** The compiled program. Compiles it if the cache does not have it. */
  acquire(program: ShaderProgram, layouts: ProgramLayouts): CompiledProgram {
    const { output, inputs, values } = layouts;
    const sizes = [output.floats, ...inputs.map(({ width }) => width), values?.width ?? 0];
    const key = `${program.vec4} ${sizes.join(' ')}\n${program.body}`;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      const shared = { context: this.#context, framebuffer: this.#framebuffer, canvas: this.#canvas };
      const compiled = new CompiledProgram(this.#gpu, shared, program, layouts);
      entry = { key, compiled, users: 0 };
      this.#entries.set(key, entry);
      this.#entryOf.set(compiled, entry);
    }
    entry.users++;
    return entry.compiled;
  }

  /** To be called once for each `acquire`. Does nothing after `close`. */
  release(compiled: CompiledProgram): void {
    const entry = this.#entryOf.get(compiled);
    if (entry === undefined || --entry.users > 0) return;
    this.#forget(entry);
    compiled.destroy(false);
  }

  /** Destroys all compiled programs, even those in use. */
  close(): void {
    for (const entry of this.#entries.values()) {
      this.#forget(entry);
      entry.compiled.destroy(true);
    }
  }

  #forget({ key, compiled }: CacheEntry): void {
    this.#entries.delete(key);
    this.#entryOf.delete(compiled);
  }
}
