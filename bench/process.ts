import { type ChildProcess, fork } from 'node:child_process';
import type { Contestant } from './contestants.ts';
import { Unavailable } from './library.ts';
import type { Calls, Reply } from './serve.ts';

/**
 * A contestant's process. Each has one of its own, so that none runs on code that was compiled for another's
 * types, waits for another's garbage or shares its threads.
 */
export class ContestantProcess {
  readonly contestant: Contestant;
  readonly about: string;
  /** Seconds that loading the library took. */
  readonly loadSeconds: number;
  readonly #child: ChildProcess;
  readonly #errors: readonly string[];

  private constructor(
    contestant: Contestant,
    child: ChildProcess,
    errors: readonly string[],
    ready: Reply & { kind: 'ready' },
  ) {
    this.contestant = contestant;
    this.#child = child;
    this.#errors = errors;
    this.about = ready.about;
    this.loadSeconds = ready.loadSeconds;
  }

  /**
   * Starts a contestant.
   *
   * @param program what to run instead of the contestant's own program.
   * @throws Unavailable where it can't take part.
   */
  static async start(contestant: Contestant, program = contestant.program): Promise<ContestantProcess> {
    const child = fork(program, contestant.arguments, {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const errors: string[] = [];
    child.stderr!.setEncoding('utf8').on('data', (text: string) => errors.push(text));
    try {
      const reply = await nextReply(contestant, child, errors);
      if (reply.kind === 'unavailable') throw new Unavailable(reply.reason);
      if (reply.kind !== 'ready') throw new Error(`${contestant.title}: got '${reply.kind}' at the start`);
      return new ContestantProcess(contestant, child, errors, reply);
    } catch (error) {
      child.kill();
      throw error;
    }
  }

  /** Asks the process; one call at a time. */
  async call<Name extends keyof Calls>(
    name: Name,
    argument: Calls[Name]['argument'],
  ): Promise<Calls[Name]['reply']> {
    const reply = nextReply(this.contestant, this.#child, this.#errors);
    this.#child.send({ name, argument });
    const answer = await reply;
    if (answer.kind !== 'reply') throw new Error(`got '${answer.kind}' from ${this.contestant.title}`);
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

/** The next message of a process, or an error where it fails or ends. */
function nextReply({ title }: Contestant, child: ChildProcess, errors: readonly string[]): Promise<Reply> {
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
