import { writeSync } from 'node:fs';
import { inspect } from 'node:util';
import { isRunning } from '../node/is-running.ts';
import { setTimeout } from '../util/timers.ts';
import { block } from './block.ts';
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
/** The tag of the message that a rank leaves for the others when it ends and has said why. */
const EXPLAINED = 0x6e65;
/** How often a rank looks for such a message. */
const LOOKS = 100;

/** The end of this process: of MPI, and of the messages that tell why. */
export class Job {
  readonly #library: MpiLibrary;
  readonly #quiet = new WeakSet<object>();
  #ranks: Ranks | null = null;
  #processes: readonly RankProcess[] = [];
  /** Whether this rank, or another one in its place, has printed why it ends. */
  #isExplained = false;

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
      // Nothing can wait for a timer here. Node would print the error after the event `exit`, when it is too late.
      if (this.#quiet.has(error)) block(OTHER_MESSAGE);
      else writeSync(2, `${inspect(error)}\n`);
      this.#isExplained = true;
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
      if (this.#isExplained) this.#leaveMessages();
      block(OWN_MESSAGE);
      this.#library.call('MPI_Abort', world, code || 1);
    }
  }

  /** Small messages are sent at once, also to a rank that never receives them. */
  #leaveMessages(): void {
    const { byte, world } = this.#library.objects;
    for (const rank of this.#processes.keys())
      if (rank !== this.#ranks?.rank)
        this.#library.succeeds('MPI_Isend', null, 0, byte, rank, EXPLAINED, world, new BigUint64Array(1));
  }

  /** The library receives a few messages in each call, after it has looked. */
  #hasMessage(rank: number): boolean {
    const { world } = this.#library.objects;
    const flag = new Int32Array(1);
    for (let looks = 0; looks < LOOKS && flag[0] === 0; looks++)
      if (!this.#library.succeeds('MPI_Iprobe', rank, EXPLAINED, world, flag, null)) return false;
    return flag[0] !== 0;
  }

  /** mpirun ends all ranks when one has ended. If it has not said why, the first one that is left says which it was. */
  #terminate(): void {
    const ended = this.ended();
    const ranks = this.#processes;
    const first = [...ranks.keys()].find((rank) => !ended.includes(rank));
    const { broken, rank } = this.#ranks!;
    const unexplained = ended.filter((of) => !this.#hasMessage(of));
    if (unexplained.length > 0 && rank === first && broken === null) {
      const which = unexplained
        .map((of) => `${of} (process ${ranks[of]!.pid} on ${ranks[of]!.host})`)
        .join(', ');
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
