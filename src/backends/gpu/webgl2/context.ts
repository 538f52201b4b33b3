import { MemoryError } from '../../../ir/errors.ts';
import { deviceLostError } from '../device/device-lost.ts';

const CONTEXT_LOST =
  'the browser took the WebGL2 context away (a crashed driver, a GPU that hung, or memory ran out)';

/** A WebGL2 context, its errors and its loss. */
export class Context {
  readonly name = 'webgl2';
  readonly gl: WebGL2RenderingContext;
  /** Name of the adapter, for messages. */
  readonly adapter: string;
  #lost: string | null = null;

  constructor(gl: WebGL2RenderingContext, adapter: string) {
    this.gl = gl;
    this.adapter = adapter;
    gl.canvas.addEventListener('webglcontextlost', (event) => {
      const message = 'statusMessage' in event ? event.statusMessage : '';
      this.#lost ??= message ? `${CONTEXT_LOST}: ${message}` : CONTEXT_LOST;
    });
  }

  /** Why the context is lost; null while it works. */
  get lost(): string | null {
    // The event is dispatched in a later task of the event loop.
    if (this.#lost === null && this.gl.isContextLost()) this.#lost = CONTEXT_LOST;
    return this.#lost;
  }

  /** Throws a StateError if the context is lost. */
  assertUsable(): void {
    const error = deviceLostError(this);
    if (error !== null) throw error;
  }

  /** Throws the error that WebGL has reported since the last call. Waits for the browser's GPU process. */
  check(operation: string, used: number): void {
    if (!this.hadMemory(operation)) throw outOfMemory(operation, used);
  }

  /** The same, but returns false if WebGL reported that it is out of memory. */
  hadMemory(operation: string): boolean {
    const { gl } = this;
    const code = gl.getError();
    if (code === gl.NO_ERROR) return true;
    if (this.lost === null && code === gl.OUT_OF_MEMORY) return false;
    // After an unknown error no result can be trusted.
    this.#lost ??= `it failed ([${operation}] WebGL2 error 0x${code.toString(16)})`;
    throw deviceLostError(this)!;
  }

  /** Discards the errors that WebGL has reported since the last call. */
  forgetErrors(): void {
    // WebGL has fewer error codes than this; a lost context may report errors without end.
    for (let i = 0; i < 8 && this.gl.getError() !== this.gl.NO_ERROR; i++);
  }

  /** Releases the context. */
  close(reason: string): void {
    this.#lost ??= reason;
    if (!this.gl.isContextLost()) this.gl.getExtension('WEBGL_lose_context')?.loseContext();
  }
}

/** The error for an operation that ran out of memory while `used` bytes were in use. */
export function outOfMemory(operation: string, used: number): MemoryError {
  return new MemoryError(
    `[${operation}] there is no memory on the device beside the ${used} bytes in use. Use smaller batches or a smaller ` +
      "model, or another backend: await setBackend('wasm').",
  );
}
