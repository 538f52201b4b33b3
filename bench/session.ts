import { type LibrarySetup, supports } from './libraries.ts';
import { LibraryProcess } from './library-process.ts';
import { Unavailable } from './library-program.ts';
import {
  chooseRounds,
  measure,
  type ReducedWork,
  type Rounds,
  type TimedProcess,
  type Timing,
} from './measure.ts';
import type { Task } from './task.ts';

/** The settings of the benchmarks, from the command line. */
export interface Settings {
  readonly rounds: number;
  readonly steps: number;
  readonly threads: number;
  /** About the longest time for a library and a workload in `Session.timeBatches`. */
  readonly seconds: number;
}

/** One measurement: the seconds of one run. */
export interface Measurement {
  readonly benchmark: string;
  readonly workload: string;
  readonly library: string;
  readonly seconds: Timing;
}

/** The largest difference of results, relative to the largest of them. */
const tolerance = 1e-4;

/** The libraries of a benchmark run, and all measurements. */
export class Session {
  readonly settings: Settings;
  readonly libraries: readonly LibrarySetup[];
  readonly records: Measurement[];

  /** @param records where measurements are added; several sessions may share it. */
  constructor(settings: Settings, libraries: readonly LibrarySetup[], records: Measurement[] = []) {
    this.settings = settings;
    this.libraries = libraries;
    this.records = records;
  }

  /** Starts the processes of all libraries that support one of these kinds, and stops them after `work`. */
  async withProcesses(
    kinds: readonly Task['kind'][],
    work: (processes: readonly LibraryProcess[]) => Promise<void>,
  ): Promise<void> {
    const processes: LibraryProcess[] = [];
    try {
      for (const library of this.libraries) {
        if (kinds.some((kind) => supports(library, kind))) {
          processes.push(await LibraryProcess.start(library));
        }
      }
      await work(processes);
    } finally {
      await Promise.all(processes.map((process) => process.stop()));
    }
  }

  /**
   * Times a task in the processes that support it, after comparing their results.
   *
   * @param options.same the task whose results are compared, `times` times, if those of the timed one are random.
   * @param options.isTimed whether a library is timed (default: all). Others only compute results for the comparison.
   */
  async time(
    benchmark: string,
    workload: string,
    processes: readonly LibraryProcess[],
    task: Task,
    options: {
      rounds?: Rounds;
      same?: { task: Task; times: number };
      between?: () => Promise<void>;
      isTimed?: (library: LibrarySetup) => boolean;
    } = {},
  ): Promise<Map<string, Timing>> {
    const { rounds = { rounds: this.settings.rounds }, same = { task, times: 1 }, between } = options;
    const { isTimed = () => true } = options;
    const correct = await withEqualResults(workload, processes, same.task, same.times);
    const timed: TimedProcess[] = [];
    for (const process of correct) {
      if (!isTimed(process.library)) continue;
      if (await process.call('prepare', task)) timed.push({ process, rounds });
    }
    const timings = await measure(timed, between);
    return this.#recorded(benchmark, workload, timed, timings);
  }

  /**
   * Times a task that takes some libraries minutes. Results are compared with few samples, which also shows which
   * libraries are slow. Those do fewer rounds, or smaller batches, whose time is multiplied.
   *
   * @param task makes the task with a number of samples per batch.
   * @param options results are compared `times` times, with `few` samples per batch.
   */
  async timeBatches(
    benchmark: string,
    workload: string,
    processes: readonly LibraryProcess[],
    task: (batch: number) => Task,
    options: { batch: number; few: number; times?: number; rounds?: Rounds },
  ): Promise<Map<string, Timing>> {
    const { batch, few, times = 1, rounds = { rounds: this.settings.rounds } } = options;
    const timed: (TimedProcess & { reduced?: ReducedWork })[] = [];
    for (const process of await withEqualResults(workload, processes, task(few), times)) {
      const prepare = (batch: number) => process.call('prepare', task(batch));
      const choice = await chooseRounds(this.settings.seconds, process, rounds, { batch, few }, prepare);
      timed.push({ process, ...choice });
    }
    const timings = (await measure(timed)).map((timing, i): Timing => {
      const { reduced } = timed[i]!;
      if (reduced === undefined) return timing;
      const { median, minimum } = timing;
      return { ...timing, median: median * reduced.factor, minimum: minimum * reduced.factor, reduced };
    });
    return this.#recorded(benchmark, workload, timed, timings);
  }

  #recorded(
    benchmark: string,
    workload: string,
    timed: readonly TimedProcess[],
    timings: readonly Timing[],
  ): Map<string, Timing> {
    timed.forEach(({ process }, i) => {
      this.record(benchmark, workload, process.library, timings[i]!);
    });
    return new Map(timed.map(({ process }, i) => [process.library.key, timings[i]!]));
  }

  record(benchmark: string, workload: string, library: LibrarySetup, seconds: Timing): void {
    this.records.push({ benchmark, workload, library: library.key, seconds });
  }
}

/** The processes that support a task and compute the same results as the first of them, which is ndgrad. */
async function withEqualResults(
  workload: string,
  processes: readonly LibraryProcess[],
  task: Task,
  times: number,
): Promise<LibraryProcess[]> {
  const correct: LibraryProcess[] = [];
  let wanted: number[] | null = null;
  for (const process of processes) {
    if (!(await process.call('prepare', task))) continue;
    const got: number[] = [];
    for (let i = 0; i < times; i++) got.push(...((await process.call('result', null)) ?? []));
    wanted ??= got;
    const difference = got.length === 0 ? 0 : relativeDifference(got, wanted);
    if (difference <= tolerance) correct.push(process);
    else {
      const { title } = process.library;
      console.log(`${workload}: ${title} is not timed, its results differ by ${difference.toExponential(1)}`);
    }
  }
  return correct;
}

/** The largest difference relative to the largest value; NaN if any value is NaN. */
function relativeDifference(got: readonly number[], wanted: readonly number[]): number {
  if (got.length !== wanted.length) return Number.POSITIVE_INFINITY;
  const largest = Math.max(...wanted.map(Math.abs));
  return Math.max(...got.map((value, i) => Math.abs(value - wanted[i]!))) / largest;
}

/** Starts each library once. Returns those that run here, and a line about each: its description, or why it cannot run. */
export async function probeLibraries(
  libraries: readonly LibrarySetup[],
): Promise<{ able: LibrarySetup[]; lines: (readonly [title: string, about: string])[] }> {
  const able: LibrarySetup[] = [];
  const lines: (readonly [string, string])[] = [];
  for (const library of libraries) {
    try {
      const process = await LibraryProcess.start(library);
      await process.stop();
      able.push(library);
      const version = library.version === null ? '' : `${library.version}, `;
      lines.push([library.title, version + process.about]);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      lines.push([library.title, error.message]);
    }
  }
  return { able, lines };
}
