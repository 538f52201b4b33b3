import { type ChildProcess, fork } from 'node:child_process';
import type { LibrarySetup } from './libraries.ts';
import { Unavailable } from './library-program.ts';
import type { Calls, Reply } from './serve.ts';

/**
 * The process of a library. Each library has its own, so that it does not run on code that was optimized for the types
 * of another one, and shares neither garbage collection nor threads.
 */
export class LibraryProcess {
  readonly library: LibrarySetup;
  readonly about: string;
  /** Seconds for loading the library. */
  readonly loadSeconds: number;
  readonly #child: ChildProcess;
  readonly #errors: readonly string[];

  private constructor(
    library: LibrarySetup,
    child: ChildProcess,
    errors: readonly string[],
    ready: Reply & { kind: 'ready' },
  ) {
    this.library = library;
    this.#child = child;
    this.#errors = errors;
    this.about = ready.about;
    this.loadSeconds = ready.loadSeconds;
  }

  /**
   * Starts the process of a library.
   *
   * @param program file to run instead of the library's own program.
   * @throws Unavailable if the library cannot run here.
   */
  static async start(library: LibrarySetup, program = library.program): Promise<LibraryProcess> {
    const child = fork(program, library.arguments, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const errors: string[] = [];
    child.stderr!.setEncoding('utf8').on('data', (text: string) => errors.push(text));
    try {
      const reply = await nextReply(library, child, errors);
      if (reply.kind === 'unavailable') throw new Unavailable(reply.reason);
      if (reply.kind !== 'ready') throw new Error(`${library.title}: got '${reply.kind}' at the start`);
      return new LibraryProcess(library, child, errors, reply);
    } catch (error) {
      child.kill();
      throw error;
    }
  }

  /** Calls the process. Only one call may be pending. */
  async call<Name extends keyof Calls>(
    name: Name,
    argument: Calls[Name]['argument'],
  ): Promise<Calls[Name]['reply']> {
    const reply = nextReply(this.library, this.#child, this.#errors);
    this.#child.send({ name, argument });
    const answer = await reply;
    if (answer.kind !== 'reply') throw new Error(`got '${answer.kind}' from ${this.library.title}`);
    return answer.value as Calls[Name]['reply'];
  }

  /** Ends the process. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill();
    await ended;
  }
}

/** The next message of a process. Rejects if it reports an error or ends. */
function nextReply({ title }: LibrarySetup, child: ChildProcess, errors: readonly string[]): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      child.off('message', onMessage);
      child.off('exit', onExit);
    };
    const onMessage = (reply: Reply): void => {
      settle();
      if (reply.kind === 'failed') reject(new Error(`${title}: ${reply.message}`));
      else resolve(reply);
    };
    const onExit = (code: number | null): void => {
      settle();
      reject(new Error(`${title}: the process ended with ${code}\n${errors.join('')}`));
    };
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}
