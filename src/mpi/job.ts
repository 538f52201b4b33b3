import { writeSync } from 'node:fs';
import { inspect } from 'node:util';
import { isRunning } from '../node/is-running.ts';
import { setTimeout } from '../util/timers.ts';
import type { MpiLibrary } from './library.ts';
import type { Ranks } from './ranks.ts';

/** A process of the job. */
export interface RankProcess {
  readonly host: string;
  readonly pid: number;
}

/** Milliseconds that a process that was told to end waits, so that others still find it if they look for the one that ended first. */
const LINGER = 250;
/** Milliseconds that a process waits before it ends the job, so that its own last messages, or those of another rank, are not lost. */
const OWN_MESSAGE = 100;
const OTHER_MESSAGE = 1000;

/** The end of this process: of MPI, and of the messages that tell why. */
export class Job {
  readonly #library: MpiLibrary;
  readonly #quiet = new WeakSet<object>();
  #ranks: Ranks | null = null;
  #processes: readonly RankProcess[] = [];

  constructor(library: MpiLibrary) {
    this.#library = library;
  }

  /** Leaves the printing of an error to another rank. */
  readonly quiet = (error: unknown): void => {
    if (typeof error === 'object' && error !== null) this.#quiet.add(error);
  };

  /** The ranks on this computer whose processes have ended. */
  readonly ended = (): number[] => {
    const own = this.#processes[this.#ranks?.rank ?? 0];
    return [...this.#processes.keys()].filter((rank) => {
      const { host, pid } = this.#processes[rank]!;
      return host === own?.host && !isRunning(pid);
    });
  };

  /** Takes care of the end of this process from now on. */
  watch(ranks: Ranks, processes: readonly RankProcess[]): void {
    this.#ranks = ranks;
    this.#processes = processes;
    process.on('exit', (code) => this.#exit(code));
    process.on('uncaughtExceptionMonitor', (error) => {
      if (process.listenerCount('uncaughtException') > 0) return;
      // Node would print the error after the event `exit`, when it is too late.
      if (this.#quiet.has(error)) block(OTHER_MESSAGE);
      else writeSync(2, `${inspect(error)}\n`);
      process.exit(1);
    });
    process.once('SIGTERM', () => this.#terminate());
  }

  /** MPI_Finalize waits for the other ranks. After a failure they are ended. */
  #exit(code: number): void {
    const { world } = this.#library.objects;
    if (code === 0 && this.#ranks?.broken === null) {
      this.#library.call('MPI_Finalize');
    } else {
      block(OWN_MESSAGE);
      this.#library.call('MPI_Abort', world, code || 1);
    }
  }

  /** mpirun ends all ranks when one has ended. The first one that is left says which it was. */
  #terminate(): void {
    const ended = this.ended();
    const ranks = this.#processes;
    const first = [...ranks.keys()].find((rank) => !ended.includes(rank));
    const { broken, rank } = this.#ranks!;
    if (ended.length > 0 && rank === first && broken === null) {
      const which = ended.map((of) => `${of} (process ${ranks[of]!.pid} on ${ranks[of]!.host})`).join(', ');
      writeSync(
        2,
        `[mpi] rank ${which} of ${ranks.length} ended, and so the job ends. Start it again: with checkpoints and resume training goes on.\n`,
      );
    }
    setTimeout(() => {
      if (process.listenerCount('SIGTERM') === 0) process.kill(process.pid, 'SIGTERM');
    }, LINGER);
  }
}

/** Where a process ends, nothing can wait for a timer. */
const block = (milliseconds: number): void =>
  void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
