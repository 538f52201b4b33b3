import { StateError } from '../../../ir/errors.ts';
import { assertArrayFits } from '../device/array-size.ts';
import type { TextureHandle } from '../device/gpu-js.ts';
import { type Context, outOfMemory } from './context.ts';

const FLOATS_PER_TEXEL = 4;
const BYTES_PER_TEXEL = 16;

/** Released textures are kept for at least this many operations (runs and uploads), whatever their size. */
const MIN_IDLE_OPERATIONS = 32;
/** Bytes of textures that may be kept longer, besides half of the peak use. */
const MIN_SPARE_BYTES = 0x1000000;

/** Textures of one size that are kept for reuse. */
interface IdleTextures {
  readonly bytes: number;
  readonly textures: WebGLTexture[];
  /** The operation in which the last of them was released. */
  releasedAt: number;
}

/** The texture for an array of numbers: four numbers per texel, row by row. */
export interface TextureLayout {
  readonly floats: number;
  /** Texels per row: a power of two, so that shaders compute coordinates with a mask and a shift. */
  readonly width: number;
  readonly height: number;
}

/** An array of numbers in a texture, in the form that gpu.js expects. */
export class TextureArray implements TextureHandle {
  readonly layout: TextureLayout;
  readonly context: WebGL2RenderingContext;
  readonly size: readonly [number, number];
  readonly dimensions: readonly [number, number, number];
  // gpu.js requires an own property.
  readonly type = 'ArrayTexture(4)';
  #texture: WebGLTexture | null;

  constructor(layout: TextureLayout, context: WebGL2RenderingContext, texture: WebGLTexture | null) {
    this.layout = layout;
    this.context = context;
    this.size = [layout.width, layout.height];
    this.dimensions = [layout.width, layout.height, 1];
    this.#texture = texture;
  }

  /** Null once the array is released. */
  get texture(): WebGLTexture | null {
    return this.#texture;
  }

  requireTexture(): WebGLTexture {
    if (this.#texture === null)
      throw new StateError('[gpu] got an array that was released. Release it after its last use.');
    return this.#texture;
  }

  /** Returns the texture and releases the array. */
  take(): WebGLTexture {
    const texture = this.requireTexture();
    this.#texture = null;
    return texture;
  }

  beforeMutate(): boolean {
    return true;
  }
}

/** Creates textures, and keeps released ones for reuse. */
export class TexturePool {
  readonly #context: Context;
  readonly #maxWidth: number;
  readonly #maxHeight: number;
  /** By size, ordered by the last release. */
  readonly #idle = new Map<string, IdleTextures>();
  #bytes = 0;
  #used = 0;
  #peak = 0;
  #operation = 0;
  #closed = false;

  constructor(context: Context) {
    this.#context = context;
    this.#maxHeight = context.gl.getParameter(context.gl.MAX_TEXTURE_SIZE);
    this.#maxWidth = 1 << (31 - Math.clz32(this.#maxHeight));
  }

  /** Bytes of all textures. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of the textures in use. */
  get used(): number {
    return this.#used;
  }

  /** The largest length of an array. Shaders index with i32. */
  get maxFloats(): number {
    return Math.min(this.#maxWidth * this.#maxHeight * FLOATS_PER_TEXEL, 0x7ffffff0);
  }

  layout(floats: number, operation: string): TextureLayout {
    const { name, adapter } = this.#context;
    assertArrayFits(operation, floats, { name, adapter, maxFloats: this.maxFloats });
    const texels = Math.max(1, Math.ceil(floats / FLOATS_PER_TEXEL));
    let width = 1;
    while (width * width < texels && width < this.#maxWidth) width *= 2;
    // gpu.js treats an output of one row as a list and chooses its size itself.
    return { floats, width, height: Math.max(2, Math.ceil(texels / width)) };
  }

  /** To be called at the start of every run and upload. The age of released textures is counted in operations. */
  beginOperation(): void {
    this.#operation++;
  }

  /** A new array with undefined contents. */
  allocate(floats: number, operation: string): TextureArray {
    const layout = this.layout(floats, operation);
    const bytes = bytesOf(layout);
    const texture = this.#reuse(keyOf(layout)) ?? this.#create(layout, operation);
    this.#used += bytes;
    this.#peak = Math.max(this.#peak, this.#used);
    return new TextureArray(layout, this.#context.gl, texture);
  }

  release(memory: TextureArray): void {
    const texture = memory.take();
    if (this.#closed) return;
    const bytes = bytesOf(memory.layout);
    const key = keyOf(memory.layout);
    const idle = this.#idle.get(key) ?? { bytes, textures: [], releasedAt: 0 };
    idle.textures.push(texture);
    idle.releasedAt = this.#operation;
    this.#idle.delete(key);
    this.#idle.set(key, idle);
    this.#used -= bytes;
  }

  /** Copies numbers into an array. */
  write(memory: TextureArray, data: Float32Array): void {
    const { gl } = this.#context;
    const { width } = memory.layout;
    const texels = Math.floor(data.length / FLOATS_PER_TEXEL);
    const rows = Math.floor(texels / width);
    const rest = texels - rows * width;
    const put = (x: number, y: number, w: number, h: number, source: Float32Array, offset: number) =>
      gl.texSubImage2D(gl.TEXTURE_2D, 0, x, y, w, h, gl.RGBA, gl.FLOAT, source, offset);
    gl.bindTexture(gl.TEXTURE_2D, memory.texture);
    if (rows > 0) put(0, 0, width, rows, data, 0);
    if (rest > 0) put(0, rows, rest, 1, data, rows * width * FLOATS_PER_TEXEL);
    if (texels * FLOATS_PER_TEXEL < data.length) {
      const last = new Float32Array(FLOATS_PER_TEXEL);
      last.set(data.subarray(texels * FLOATS_PER_TEXEL));
      put(rest, rows, 1, 1, last, 0);
    }
  }

  /** Deletes all textures that are not in use. */
  trim(): void {
    this.#peak = this.#used;
    this.#shrinkTo(0, this.#operation);
  }

  /** Deletes all idle textures. The caller destroys the context next, and with it the textures in use. */
  close(): void {
    this.#closed = true;
    this.#shrinkTo(0, this.#operation);
    this.#bytes = 0;
    this.#used = 0;
  }

  #reuse(key: string): WebGLTexture | null {
    const idle = this.#idle.get(key);
    if (idle === undefined) return null;
    const texture = idle.textures.pop()!;
    if (idle.textures.length === 0) this.#idle.delete(key);
    return texture;
  }

  #create(layout: TextureLayout, operation: string): WebGLTexture {
    const bytes = bytesOf(layout);
    // Textures of a plan that runs repeatedly must stay; those of sizes that do not occur again must not.
    const peak = Math.max(this.#peak, this.#used + bytes);
    this.#shrinkTo(1.5 * peak + MIN_SPARE_BYTES - bytes, this.#operation - MIN_IDLE_OPERATIONS);
    const texture = this.#tryCreate(layout, operation);
    if (texture !== null) return texture;
    this.#shrinkTo(0, this.#operation);
    const again = this.#tryCreate(layout, operation);
    if (again !== null) return again;
    throw outOfMemory(operation, this.#used);
  }

  /** Null if the device is out of memory. */
  #tryCreate(layout: TextureLayout, operation: string): WebGLTexture | null {
    const { gl } = this.#context;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA32F, layout.width, layout.height);
    let made = false;
    try {
      made = this.#context.hadMemory(operation);
    } finally {
      if (!made) gl.deleteTexture(texture);
    }
    if (!made) return null;
    this.#bytes += bytesOf(layout);
    return texture;
  }

  /** Deletes textures released in operation `since` or before, oldest first, until at most `bytes` bytes remain. */
  #shrinkTo(bytes: number, since: number): void {
    const { gl } = this.#context;
    for (const [key, idle] of this.#idle) {
      if (idle.releasedAt > since) return;
      while (this.#bytes > bytes && idle.textures.length > 0) {
        gl.deleteTexture(idle.textures.shift()!);
        this.#bytes -= idle.bytes;
      }
      if (idle.textures.length > 0) return;
      this.#idle.delete(key);
    }
  }
}

function bytesOf({ width, height }: TextureLayout): number {
  return width * height * BYTES_PER_TEXEL;
}

function keyOf({ width, height }: TextureLayout): string {
  return `${width}x${height}`;
}
