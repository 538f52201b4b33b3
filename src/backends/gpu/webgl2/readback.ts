import { StateError } from '../../../ir/errors.ts';
import { MessageChannel, now, setTimeout } from '../../../util/timers.ts';
import { deviceLostError } from '../device/device-lost.ts';
import type { Context } from './context.ts';
import type { TextureArray, TexturePool } from './texture-pool.ts';

/** For this long a wait polls the GPU in every task of the event loop; after that once per millisecond. */
const EAGER_MS = 20;

interface Waiter {
  readonly sync: WebGLSync;
  readonly since: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Waits for the GPU without blocking. */
export class Fences {
  readonly #context: Context;
  readonly #waiters: Waiter[] = [];
  readonly #channel = new MessageChannel();
  #polling = false;

  constructor(context: Context) {
    this.#context = context;
    this.#channel.port1.onmessage = () => this.#poll();
  }

  /** Resolves when everything issued so far has finished. Rejects if the context is lost. */
  wait(): Promise<void> {
    const { gl } = this.#context;
    return new Promise((resolve, reject) => {
      this.#context.assertUsable();
      const sync = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
      gl.flush();
      if (sync === null) throw deviceLostError(this.#context) ?? noResponse();
      const fail = (error: Error) => reject(deviceLostError(this.#context) ?? error);
      this.#waiters.push({ sync, since: now(), resolve, reject: fail });
      if (this.#polling) return;
      this.#polling = true;
      this.#later();
    });
  }

  /** Rejects all pending waits. */
  close(): void {
    for (const { reject } of this.#waiters.splice(0)) reject(noResponse());
    this.#channel.port1.close();
  }

  #poll(): void {
    const { gl } = this.#context;
    const lost = deviceLostError(this.#context);
    if (lost !== null) for (const { reject } of this.#waiters.splice(0)) reject(lost);
    while (this.#waiters.length > 0) {
      // Fences are signaled in order.
      const { sync, resolve, reject } = this.#waiters[0]!;
      const status = gl.clientWaitSync(sync, 0, 0);
      if (status === gl.TIMEOUT_EXPIRED) break;
      this.#waiters.shift();
      gl.deleteSync(sync);
      if (status === gl.WAIT_FAILED) reject(noResponse());
      else resolve();
    }
    this.#polling = this.#waiters.length > 0;
    if (this.#polling) this.#later();
  }

  #later(): void {
    const eager = now() - this.#waiters[0]!.since < EAGER_MS;
    if (eager) this.#channel.port2.postMessage(null);
    else setTimeout(() => this.#poll(), 1);
  }
}

const noResponse = () =>
  new StateError('[webgl2] the GPU does not respond. Make a new device: await setBackend(await gpu()).');

/** Reads arrays back, with their values after everything issued so far. */
export async function download(
  context: Context,
  textures: TexturePool,
  fences: Fences,
  framebuffer: WebGLFramebuffer,
  memories: readonly TextureArray[],
): Promise<Float32Array[]> {
  const { gl } = context;
  context.assertUsable();
  const results = memories.map(({ layout }) => new Float32Array(layout.floats));
  const rows = memories.map(({ layout }) => Math.ceil(layout.floats / (4 * layout.width)));
  const bytes = memories.map(({ layout }, i) => 16 * layout.width * rows[i]!);
  const buffer = gl.createBuffer();
  try {
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
    gl.bufferData(
      gl.PIXEL_PACK_BUFFER,
      bytes.reduce((a, b) => a + b, 0),
      gl.STREAM_READ,
    );
    gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
    let offset = 0;
    memories.forEach((memory, i) => {
      const texture = memory.requireTexture();
      gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
      if (rows[i]! > 0) gl.readPixels(0, 0, memory.layout.width, rows[i]!, gl.RGBA, gl.FLOAT, offset);
      offset += bytes[i]!;
    });
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    await fences.wait();
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
    offset = 0;
    results.forEach((result, i) => {
      if (rows[i]! > 0) gl.getBufferSubData(gl.PIXEL_PACK_BUFFER, offset, result);
      offset += bytes[i]!;
    });
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    context.check('download', textures.used);
    return results;
  } finally {
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    gl.deleteBuffer(buffer);
  }
}
