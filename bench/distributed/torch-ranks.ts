import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Times } from './times.ts';

export interface TorchTask {
  readonly name: string;
  readonly batch: number;
  readonly steps: number;
  /** Whether all ranks train, else rank 0 alone with as many threads. */
  readonly distributed: boolean;
}

/** PyTorch processes that train together by DistributedDataParallel over Gloo, with one thread each. */
export class TorchRanks {
  readonly #processes: ChildProcess[];
  readonly #lines: AsyncIterator<string>[];
  readonly #folder = mkdtempSync(join(tmpdir(), 'ndgrad-gloo-'));
  /** What is measured, with its version. */
  about = '';

  private constructor(python: string, size: number) {
    const program = fileURLToPath(new URL('ddp.py', import.meta.url));
    this.#processes = Array.from({ length: size }, (_, rank) =>
      spawn(python, [program, String(rank), String(size), join(this.#folder, 'meeting')], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    );
    for (const process of this.#processes) process.on('error', () => {}); // without an interpreter the lines end
    this.#lines = this.#processes.map(({ stdout }) =>
      createInterface({ input: stdout! })[Symbol.asyncIterator](),
    );
  }

  /** null if the interpreter has no PyTorch with Gloo. */
  static async start(python: string, size: number): Promise<TorchRanks | null> {
    const ranks = new TorchRanks(python, size);
    const answers = await ranks.#answers(ranks.#lines);
    if (answers === null) {
      ranks.end();
      return null;
    }
    ranks.about = String(answers[0]);
    return ranks;
  }

  /** The times of each rank's steps: those of rank 0 alone if only it trains. */
  async train(task: TorchTask): Promise<Times[][]> {
    const count = task.distributed ? this.#processes.length : 1;
    for (const { stdin } of this.#processes.slice(0, count)) stdin!.write(`${JSON.stringify(task)}\n`);
    const answers = await this.#answers(this.#lines.slice(0, count));
    if (answers === null) throw new Error('a PyTorch process has ended');
    return answers.map((steps) =>
      (steps as [number, number][]).map(([wall, processor]) => ({ wall, processor })),
    );
  }

  end(): void {
    for (const process of this.#processes) process.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #answers(lines: readonly AsyncIterator<string>[]): Promise<unknown[] | null> {
    const all = await Promise.all(lines.map((line) => line.next()));
    return all.some(({ done }) => done) ? null : all.map(({ value }) => JSON.parse(value) as unknown);
  }
}
