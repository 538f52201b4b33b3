import { MemoryError } from '../../../ir/errors.ts';
import { lostError } from '../device/lost.ts';

const TAKEN =
  'the browser took the WebGL2 context away (a crashed driver, a GPU that hung, or memory ran out)';

/** A WebGL2 context, and whether it is still of use. */
export class Context {
  readonly name = 'webgl2';
  readonly gl: WebGL2RenderingContext;
  /** The adapter, for people. */
  readonly adapter: string;
  #lost: string | null = null;

  constructor(gl: WebGL2RenderingContext, adapter: string) {
    this.gl = gl;
    this.adapter = adapter;
    gl.canvas.addEventListener('webglcontextlost', (event) => {
      const message = event instanceof WebGLContextEvent ? event.statusMessage : '';
      this.#lost ??= message ? `${TAKEN}: ${message}` : TAKEN;
    });
  }

  /** Why the context is of no use any more; null while it is. */
  get lost(): string | null {
    // The event comes in a later turn of the event loop.
    if (this.#lost === null && this.gl.isContextLost()) this.#lost = TAKEN;
    return this.#lost;
  }

  /** Throws StateError if the context is of no use any more. */
  requireAlive(): void {
    const error = lostError(this);
    if (error !== null) throw error;
  }

  /** Throws what WebGL has reported since the last call. Waits for the browser's GPU process. */
  check(operation: string, used: number): void {
    if (!this.checkRoom(operation)) throw outOfMemory(operation, used);
  }

  /** The same, but says by false that memory is full. */
  checkRoom(operation: string): boolean {
    const { gl } = this;
    const code = gl.getError();
    if (code === gl.NO_ERROR) return true;
    if (this.lost === null && code === gl.OUT_OF_MEMORY) return false;
    // Whatever it is, results are not to be trusted any more.
    this.#lost ??= `it went wrong ([${operation}] WebGL2's error 0x${code.toString(16)})`;
    throw lostError(this)!;
  }

  /** Forgets what WebGL has reported since the last call. */
  forgetErrors(): void {
    // As many as WebGL has codes; a lost context may report without end.
    for (let i = 0; i < 8 && this.gl.getError() !== this.gl.NO_ERROR; i++);
  }

  /** Gives the context back to the browser. */
  close(reason: string): void {
    this.#lost ??= reason;
    if (!this.gl.isContextLost()) this.gl.getExtension('WEBGL_lose_context')?.loseContext();
  }
}

/** The error of an operation for which there is no memory beside the bytes in use. */
export function outOfMemory(operation: string, used: number): MemoryError {
  return new MemoryError(
    `[${operation}] there is no memory on the device beside the ${used} bytes in use. Use smaller batches or a smaller ` +
      "model, or another backend: await setBackend('wasm').",
  );
}
