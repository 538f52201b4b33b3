import { type Contestant, does } from './contestants.ts';
import { Unavailable } from './library.ts';
import { type Limit, measure, type Rounds, type Timing, type Turn, within } from './measure.ts';
import { ContestantProcess } from './process.ts';
import type { Task } from './task.ts';

/** The flags that benchmarks look at. */
export interface Settings {
  readonly rounds: number;
  readonly steps: number;
  readonly threads: number;
  /** What a contestant may take, about, for a workload that is timed by `Session.timeBatches`. */
  readonly seconds: number;
}

/** What a benchmark measured: workload, contestant, seconds of one run. */
export interface Measurement {
  readonly benchmark: string;
  readonly workload: string;
  readonly contestant: string;
  readonly seconds: Timing;
}

/** Results may differ by so much of the largest of them. */
const tolerance = 1e-4;

/** One run of the benchmarks: who takes part, and everything that was measured. */
export class Session {
  readonly settings: Settings;
  readonly contestants: readonly Contestant[];
  readonly records: Measurement[];

  /** @param records where measurements are added, those of another session perhaps. */
  constructor(settings: Settings, contestants: readonly Contestant[], records: Measurement[] = []) {
    this.settings = settings;
    this.contestants = contestants;
    this.records = records;
  }

  /** The contestants for some of these tasks, in processes that end after `work`. */
  async withProcesses(
    kinds: readonly Task['kind'][],
    work: (processes: readonly ContestantProcess[]) => Promise<void>,
  ): Promise<void> {
    const processes: ContestantProcess[] = [];
    try {
      for (const contestant of this.contestants) {
        if (kinds.some((kind) => does(contestant, kind))) {
          processes.push(await ContestantProcess.start(contestant));
        }
      }
      await work(processes);
    } finally {
      await Promise.all(processes.map((process) => process.stop()));
    }
  }

  /**
   * Times a task in the processes that can do it, after a check that all of them compute the same.
   *
   * @param options.same the task to compare results with, where the timed one is random; compared `times`
   *   times.
   * @param options.isTimed whether a contestant is timed; by default all are, and others only compute
   *   results.
   */
  async time(
    benchmark: string,
    workload: string,
    processes: readonly ContestantProcess[],
    task: Task,
    options: {
      rounds?: Rounds;
      same?: { task: Task; times: number };
      between?: () => Promise<void>;
      isTimed?: (contestant: Contestant) => boolean;
    } = {},
  ): Promise<Map<string, Timing>> {
    const { rounds = { rounds: this.settings.rounds }, same = { task, times: 1 }, between } = options;
    const { isTimed = () => true } = options;
    const right = await agreeing(workload, processes, same.task, same.times);
    const turns: Turn[] = [];
    for (const process of right) {
      if (!isTimed(process.contestant)) continue;
      if (await process.call('prepare', task)) turns.push({ process, rounds });
    }
    const timings = await measure(turns, between);
    return this.#recorded(benchmark, workload, turns, timings);
  }

  /**
   * Times a task that some contestants need minutes for. Results are compared with few samples, which also
   * shows who is slow: those do fewer rounds, or smaller batches, whose time is multiplied.
   *
   * @param task the task with so many samples a batch.
   * @param options results are compared `times` times, with `few` samples a batch.
   */
  async timeBatches(
    benchmark: string,
    workload: string,
    processes: readonly ContestantProcess[],
    task: (batch: number) => Task,
    options: { batch: number; few: number; times?: number; rounds?: Rounds },
  ): Promise<Map<string, Timing>> {
    const { batch, few, times = 1, rounds = { rounds: this.settings.rounds } } = options;
    const turns: (Turn & { limit?: Limit })[] = [];
    for (const process of await agreeing(workload, processes, task(few), times)) {
      const prepare = (batch: number) => process.call('prepare', task(batch));
      const plan = await within(this.settings.seconds, process, rounds, { batch, few }, prepare);
      turns.push({ process, ...plan });
    }
    const timings = (await measure(turns)).map((timing, i): Timing => {
      const { limit } = turns[i]!;
      if (limit === undefined) return timing;
      const { median, minimum } = timing;
      return { ...timing, median: median * limit.factor, minimum: minimum * limit.factor, limit };
    });
    return this.#recorded(benchmark, workload, turns, timings);
  }

  #recorded(
    benchmark: string,
    workload: string,
    turns: readonly Turn[],
    timings: readonly Timing[],
  ): Map<string, Timing> {
    turns.forEach(({ process }, i) => {
      this.record(benchmark, workload, process.contestant, timings[i]!);
    });
    return new Map(turns.map(({ process }, i) => [process.contestant.key, timings[i]!]));
  }

  record(benchmark: string, workload: string, contestant: Contestant, seconds: Timing): void {
    this.records.push({ benchmark, workload, contestant: contestant.key, seconds });
  }
}

/** Those who can do a task and compute what the first of them, ndgrad, computes. */
async function agreeing(
  workload: string,
  processes: readonly ContestantProcess[],
  task: Task,
  times: number,
): Promise<ContestantProcess[]> {
  const right: ContestantProcess[] = [];
  let wanted: number[] | null = null;
  for (const process of processes) {
    if (!(await process.call('prepare', task))) continue;
    const got: number[] = [];
    for (let i = 0; i < times; i++) got.push(...((await process.call('result', null)) ?? []));
    wanted ??= got;
    const difference = got.length === 0 ? 0 : relativeDifference(got, wanted);
    if (difference <= tolerance) right.push(process);
    else {
      const { title } = process.contestant;
      console.log(`${workload}: ${title} is not timed, its results differ by ${difference.toExponential(1)}`);
    }
  }
  return right;
}

/** The largest difference, as a part of the largest value; NaN where anything is NaN. */
function relativeDifference(got: readonly number[], wanted: readonly number[]): number {
  if (got.length !== wanted.length) return Number.POSITIVE_INFINITY;
  const largest = Math.max(...wanted.map(Math.abs));
  return Math.max(...got.map((value, i) => Math.abs(value - wanted[i]!))) / largest;
}

/** Starts each contestant once: what it says of itself, or why it can't take part. */
export async function introduce(
  contestants: readonly Contestant[],
): Promise<{ able: Contestant[]; lines: (readonly [title: string, about: string])[] }> {
  const able: Contestant[] = [];
  const lines: (readonly [string, string])[] = [];
  for (const contestant of contestants) {
    try {
      const process = await ContestantProcess.start(contestant);
      await process.stop();
      able.push(contestant);
      const version = contestant.version === null ? '' : `${contestant.version}, `;
      lines.push([contestant.title, version + process.about]);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      lines.push([contestant.title, error.message]);
    }
  }
  return { able, lines };
}
