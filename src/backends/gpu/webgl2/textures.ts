import { StateError } from '../../../ir/errors.ts';
import { assertFits } from '../device/fits.ts';
import type { TextureHandle } from '../device/gpu-js.ts';
import { type Context, outOfMemory } from './context.ts';

const FLOATS_PER_TEXEL = 4;
const BYTES_PER_TEXEL = 16;

/** For so many turns (runs, uploads) released textures wait for their next use, however many they are. */
const PATIENCE = 32;
/** Bytes of textures that may wait longer, besides half of what was ever in use at once. */
const SPARE = 0x1000000;

/** Textures of one size that wait for their next use. */
interface Idle {
  readonly bytes: number;
  readonly textures: WebGLTexture[];
  /** When the last of them was released. */
  turn: number;
}

/** A texture that holds an array of numbers: four a texel, row by row. */
export interface Layout {
  readonly floats: number;
  /** Texels in a row: a power of two, so that shaders find a texel by a mask and a shift. */
  readonly width: number;
  readonly height: number;
}

/** An array of numbers on the device, as gpu.js knows it. */
export class Memory implements TextureHandle {
  readonly layout: Layout;
  readonly context: WebGL2RenderingContext;
  readonly size: readonly [number, number];
  readonly dimensions: readonly [number, number, number];
  // gpu.js asks for an own property.
  readonly type = 'ArrayTexture(4)';
  #texture: WebGLTexture | null;

  constructor(layout: Layout, context: WebGL2RenderingContext, texture: WebGLTexture | null) {
    this.layout = layout;
    this.context = context;
    this.size = [layout.width, layout.height];
    this.dimensions = [layout.width, layout.height, 1];
    this.#texture = texture;
  }

  /** Null once the memory is released. */
  get texture(): WebGLTexture | null {
    return this.#texture;
  }

  requireTexture(): WebGLTexture {
    if (this.#texture === null) throw new StateError('[gpu] got memory that was released. Release it last.');
    return this.#texture;
  }

  /** Gives up the texture. */
  take(): WebGLTexture {
    const texture = this.requireTexture();
    this.#texture = null;
    return texture;
  }

  beforeMutate(): boolean {
    return true;
  }
}

/** Makes textures, and keeps those that were released for the next of the same size. */
export class Textures {
  readonly #context: Context;
  readonly #maxWidth: number;
  readonly #maxHeight: number;
  /** By size; the sizes that were released last stand last. */
  readonly #idle = new Map<string, Idle>();
  #bytes = 0;
  #used = 0;
  #peak = 0;
  #turn = 0;
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

  /** Bytes of those that are not waiting to be used again. */
  get used(): number {
    return this.#used;
  }

  /** The most numbers in one array; shaders count them in i32. */
  get maxFloats(): number {
    return Math.min(this.#maxWidth * this.#maxHeight * FLOATS_PER_TEXEL, 0x7ffffff0);
  }

  layout(floats: number, operation: string): Layout {
    const { name, adapter } = this.#context;
    assertFits(operation, floats, { name, adapter, maxFloats: this.maxFloats });
    const texels = Math.max(1, Math.ceil(floats / FLOATS_PER_TEXEL));
    let width = 1;
    while (width * width < texels && width < this.#maxWidth) width *= 2;
    // gpu.js takes an output of one row for a list, whose size it chooses itself.
    return { floats, width, height: Math.max(2, Math.ceil(texels / width)) };
  }

  /** To be called with every run and upload: it is how age is measured. */
  nextTurn(): void {
    this.#turn++;
  }

  /** Memory whose numbers are whatever was there before. */
  allocate(floats: number, operation: string): Memory {
    const layout = this.layout(floats, operation);
    const bytes = bytesOf(layout);
    const texture = this.#reuse(keyOf(layout)) ?? this.#create(layout, operation);
    this.#used += bytes;
    this.#peak = Math.max(this.#peak, this.#used);
    return new Memory(layout, this.#context.gl, texture);
  }

  release(memory: Memory): void {
    const texture = memory.take();
    if (this.#closed) return;
    const bytes = bytesOf(memory.layout);
    const key = keyOf(memory.layout);
    const idle = this.#idle.get(key) ?? { bytes, textures: [], turn: 0 };
    idle.textures.push(texture);
    idle.turn = this.#turn;
    this.#idle.delete(key);
    this.#idle.set(key, idle);
    this.#used -= bytes;
  }

  /** Copies numbers to the memory. */
  write(memory: Memory, data: Float32Array): void {
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

  /** Gives back what is not in use. */
  trim(): void {
    this.#peak = this.#used;
    this.#shrinkTo(0, this.#turn);
  }

  /** To be followed by the end of the context, with which the textures in use go too. */
  close(): void {
    this.#closed = true;
    this.#shrinkTo(0, this.#turn);
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

  #create(layout: Layout, operation: string): WebGLTexture {
    const bytes = bytesOf(layout);
    // Sizes that come no more must not stay, and those of a plan that runs again and again must.
    const peak = Math.max(this.#peak, this.#used + bytes);
    this.#shrinkTo(1.5 * peak + SPARE - bytes, this.#turn - PATIENCE);
    const texture = this.#tryCreate(layout, operation);
    if (texture !== null) return texture;
    this.#shrinkTo(0, this.#turn);
    const again = this.#tryCreate(layout, operation);
    if (again !== null) return again;
    throw outOfMemory(operation, this.#used);
  }

  /** Null where there is no room. */
  #tryCreate(layout: Layout, operation: string): WebGLTexture | null {
    const { gl } = this.#context;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA32F, layout.width, layout.height);
    let made = false;
    try {
      made = this.#context.checkRoom(operation);
    } finally {
      if (!made) gl.deleteTexture(texture);
    }
    if (!made) return null;
    this.#bytes += bytesOf(layout);
    return texture;
  }

  /** Gives textures back that have waited since that turn, those that have waited longest first. */
  #shrinkTo(bytes: number, since: number): void {
    const { gl } = this.#context;
    for (const [key, idle] of this.#idle) {
      if (idle.turn > since) return;
      while (this.#bytes > bytes && idle.textures.length > 0) {
        gl.deleteTexture(idle.textures.shift()!);
        this.#bytes -= idle.bytes;
      }
      if (idle.textures.length > 0) return;
      this.#idle.delete(key);
    }
  }
}

function bytesOf({ width, height }: Layout): number {
  return width * height * BYTES_PER_TEXEL;
}

function keyOf({ width, height }: Layout): string {
  return `${width}x${height}`;
}
