import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The program `ndgrad-search-worker` from its source. */
export class WorkerProcess {
  output = '';
  /** How it has ended, if no test has asked for it. */
  crash: string | null = null;
  #expected = false;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<number | string>;
  readonly #listeners = new Set<() => void>();

  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(process.execPath, ['--import', 'tsx', 'src/bullmq/program.ts', ...args], {
      cwd: root,
      env: { ...process.env, ...env },
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.on('data', (chunk) => {
        this.output += chunk;
        for (const listener of this.#listeners) listener();
      });
    }
    this.#ended = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        if (!this.#expected) this.crash = `the worker has ended with ${code ?? signal}`;
        resolve(code ?? signal!);
        for (const listener of this.#listeners) listener();
      });
    });
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Resolves when it has printed this. */
  async printed(text: string | RegExp): Promise<void> {
    const found = () => (typeof text === 'string' ? this.output.includes(text) : text.test(this.output));
    while (!found()) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(`the worker has ended without ${text}:\n${this.output}`);
      await new Promise<void>((resolve) => {
        const listener = () => {
          this.#listeners.delete(listener);
          resolve();
        };
        this.#listeners.add(listener);
      });
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#expected = true;
    this.#child.kill(signal);
  }

  /** The exit code, or the signal that has killed it. */
  ended(): Promise<number | string> {
    this.#expected = true;
    this.crash = null;
    return this.#ended;
  }
}
