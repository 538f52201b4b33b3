import { card } from './contestants.ts';
import { type Timing, timing } from './measure.ts';
import { ContestantProcess } from './process.ts';
import { type CopyTask, type PeakTask, peakFlops } from './task.ts';

/** Long enough that the way to the GPU and back counts for little. */
const wantedSeconds = 0.02;

/** What the GPU itself can do, measured between the rounds of others. */
export class CardLoop {
  readonly #process: ContestantProcess;
  #seconds: number[] = [];
  #work = 0;
  #times = 1;

  private constructor(process: ContestantProcess) {
    this.#process = process;
  }

  static async start(): Promise<CardLoop> {
    return new CardLoop(await ContestantProcess.start(card));
  }

  /** The adapter with its API and limits. */
  get about(): string {
    return this.#process.about;
  }

  /** From now on a loop of multiplications and additions in registers, in so many threads: FLOP/s. */
  async preparePeak(threads: number): Promise<void> {
    for (let iterations = 64; ; iterations *= 2) {
      const task: PeakTask = { kind: 'peak', threads, iterations };
      await this.#process.call('prepare', task);
      // The vectors have 32 numbers, which all go to 2.
      await this.#check((values) => values.every((value) => Math.abs(value - 64) < 1e-3));
      if ((await this.#process.call('time', 1)) < wantedSeconds) continue;
      this.#work = peakFlops(task);
      this.#times = 1;
      return;
    }
  }

  /** From now on a copy of so many floats: bytes a second, those read and those written. */
  async prepareCopy(size: number): Promise<void> {
    const task: CopyTask = { kind: 'copy', size };
    await this.#process.call('prepare', task);
    await this.#check((values) => values.every((value, i) => value === i % 1000));
    this.#work = 8 * size;
    this.#times = 1;
    while ((await this.#process.call('time', this.#times)) < wantedSeconds) this.#times *= 2;
  }

  async #check(isRight: (values: readonly number[]) => boolean): Promise<void> {
    const values = await this.#process.call('result', null);
    if (values === null || !isRight(values)) throw new Error('the GPU computes nonsense');
  }

  readonly measure = async (): Promise<void> => {
    this.#seconds.push((await this.#process.call('time', this.#times)) / this.#times);
  };

  /** Of what was measured since the last call: the seconds, and FLOP or bytes a second by the median. */
  take(): { seconds: Timing; rate: number } {
    const seconds = timing(this.#seconds);
    this.#seconds = [];
    return { seconds, rate: this.#work / seconds.median };
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }
}
