import { gpuKernels } from './libraries.ts';
import { LibraryProcess } from './library-process.ts';
import { type Timing, timing } from './measure.ts';
import { type CopyTask, type PeakTask, peakFlops } from './task.ts';

/** Long enough to make submission and readback negligible. */
const wantedSeconds = 0.02;

/** Measures the limits of the GPU between the rounds of the libraries. */
export class GpuLoop {
  readonly #process: LibraryProcess;
  #seconds: number[] = [];
  #work = 0;
  #times = 1;

  private constructor(process: LibraryProcess) {
    this.#process = process;
  }

  static async start(): Promise<GpuLoop> {
    return new GpuLoop(await LibraryProcess.start(gpuKernels));
  }

  /** The adapter, its API and its limits. */
  get about(): string {
    return this.#process.about;
  }

  /** Selects a loop of multiplications and additions in registers, with `threads` threads: FLOP/s. */
  async preparePeak(threads: number): Promise<void> {
    for (let iterations = 64; ; iterations *= 2) {
      const task: PeakTask = { kind: 'peak', threads, iterations };
      await this.#process.call('prepare', task);
      // The vectors hold 32 numbers, which all converge to 2.
      await this.#check((values) => values.every((value) => Math.abs(value - 64) < 1e-3));
      if ((await this.#process.call('time', 1)) < wantedSeconds) continue;
      this.#work = peakFlops(task);
      this.#times = 1;
      return;
    }
  }

  /** Selects a copy of `size` floats: bytes per second, reads and writes together. */
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
    if (values === null || !isRight(values))
      throw new Error('[gpu] the reference kernel gave a wrong result');
  }

  readonly measure = async (): Promise<void> => {
    this.#seconds.push((await this.#process.call('time', this.#times)) / this.#times);
  };

  /** Returns the measurements since the last call: the seconds, and FLOP or bytes per second by the median. */
  take(): { seconds: Timing; rate: number } {
    const seconds = timing(this.#seconds);
    this.#seconds = [];
    return { seconds, rate: this.#work / seconds.median };
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }
}
