import { MemoryError, NdgradError, StateError } from '../../../ir/errors.ts';

const TAKEN =
  'the browser took the WebGL2 context away (a crashed driver, a GPU that hung, or memory ran out)';

/** A WebGL2 context, and whether it is still of use. */
export class Context {
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

  /** The error of an operation that comes too late; null while the context is of use. */
  lostError(operation: string): StateError | null {
    if (this.lost === null) return null;
    return new StateError(
      `[${operation}] got a GPU that is gone: ${this.lost}. Values that were only there are lost with it. ` +
        'Make another with `await setBackend(await gpu())`, and load or initialise what it held.',
    );
  }

  /** Throws StateError if the context is of no use any more. */
  requireAlive(operation: string): void {
    const error = this.lostError(operation);
    if (error !== null) throw error;
  }

  /** Throws what WebGL has reported since the last call. Waits for the browser's GPU process. */
  check(operation: string): void {
    if (!this.checkRoom(operation)) {
      throw new MemoryError(
        `[${operation}] got a GPU whose memory is full. Use smaller batches or a smaller model.`,
      );
    }
  }

  /** The same, but says by false that memory is full. */
  checkRoom(operation: string): boolean {
    const { gl } = this;
    const code = gl.getError();
    if (code === gl.NO_ERROR) return true;
    this.requireAlive(operation);
    if (code === gl.OUT_OF_MEMORY) return false;
    throw new NdgradError(
      `[${operation}] got error 0x${code.toString(16)} from WebGL2 on ${this.adapter}; what it computed is not ` +
        'to be trusted. Report it with this message, and use another backend.',
    );
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
