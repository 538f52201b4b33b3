import type { LibraryProcess } from './library-process.ts';

/** Seconds of one run, over all rounds. */
export interface Timing {
  readonly median: number;
  readonly minimum: number;
  readonly rounds: number;
  /** Set for a library that was too slow for the usual rounds. */
  readonly reduced?: ReducedWork;
}

/** A measurement with fewer rounds, or with batches of `batch` samples, whose time is multiplied by `factor`. */
export interface ReducedWork {
  readonly batch: number;
  readonly factor: number;
}

export function timing(seconds: readonly number[]): Timing {
  const sorted = [...seconds].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.ceil(middle - 1)]! + sorted[Math.floor(middle)]!) / 2;
  return { median, minimum: sorted[0]!, rounds: sorted.length };
}

/** How a task is timed: rounds, and runs per round after a warm-up. */
export interface Rounds {
  readonly rounds: number;
  /** Fixed numbers of runs. By default each library does as many runs as fill the times below. */
  readonly runs?: { readonly warmUp: number; readonly perRound: number };
}

const warmUpSeconds = 0.25;
const roundSeconds = 0.1;

/** A process and how it is timed. */
export interface TimedProcess {
  readonly process: LibraryProcess;
  readonly rounds: Rounds;
}

/**
 * Times the prepared tasks of processes in interleaved rounds (A B C A B C ...), so that a drift of the machine's speed
 * affects all of them alike. Calls `between` before each round.
 */
export async function measure(
  timed: readonly TimedProcess[],
  between: () => Promise<void> = async () => {},
): Promise<Timing[]> {
  const perRound: number[] = [];
  for (const { process, rounds } of timed) {
    if (rounds.runs !== undefined) await process.call('time', rounds.runs.warmUp);
    perRound.push(rounds.runs?.perRound ?? (await warmUp(process)));
  }
  const seconds: number[][] = timed.map(() => []);
  const most = Math.max(0, ...timed.map(({ rounds }) => rounds.rounds));
  for (let round = 0; round < most; round++) {
    await between();
    for (const [i, { process, rounds }] of timed.entries()) {
      if (round >= rounds.rounds) continue;
      seconds[i]!.push((await process.call('time', perRound[i]!)) / perRound[i]!);
    }
  }
  return seconds.map(timing);
}

/** Runs until the engine has compiled the code. Returns the number of runs that fill a round. */
async function warmUp(process: LibraryProcess): Promise<number> {
  let total = 0;
  for (let times = 1; ; times *= 2) {
    const seconds = await process.call('time', times);
    total += seconds;
    if (total >= warmUpSeconds && times > 1) return Math.max(1, Math.round((times * roundSeconds) / seconds));
  }
}

/** Seconds of one run of a task that has run before: the fastest of several runs. */
async function probe(process: LibraryProcess): Promise<number> {
  let total = 0;
  let fastest = Number.POSITIVE_INFINITY;
  do {
    const seconds = await process.call('time', 1);
    fastest = Math.min(fastest, seconds);
    total += seconds;
  } while (total < warmUpSeconds);
  return fastest;
}

/**
 * Prepares a task and chooses how to time it: with the usual rounds if they take about `seconds` at most; else with fewer
 * rounds of one run, and with smaller batches if even three runs would take longer.
 *
 * @param usual the rounds of libraries that are fast enough.
 * @param batch the usual number of samples per batch; `few` is that of the task that the process has run before.
 * @param prepare prepares the task with a number of samples per batch.
 */
export async function chooseRounds(
  seconds: number,
  process: LibraryProcess,
  usual: Rounds,
  { batch, few }: { readonly batch: number; readonly few: number },
  prepare: (batch: number) => Promise<unknown>,
): Promise<{ rounds: Rounds; reduced?: ReducedWork }> {
  const { warmUp, perRound } = usual.runs ?? { warmUp: 3, perRound: 1 };
  for (let tried = few; ; ) {
    const perSample = (await probe(process)) / tried;
    const isFast = perSample * batch * (warmUp + usual.rounds * perRound) <= seconds;
    let size = batch;
    while (!isFast && size > 1 && perSample * size * 3 > seconds) size = Math.ceil(size / 2);
    if (size !== tried) await prepare(size);
    if (isFast) return { rounds: usual };
    // Small batches predict large ones badly (threads, overhead per call). So the larger size is probed again.
    if (size > tried && size < batch) {
      await process.call('time', 1);
      tried = size;
      continue;
    }
    const most = Math.max(1, Math.floor(seconds / (perSample * size)) - 1);
    const rounds = Math.min(usual.rounds, most);
    const isReduced = size < batch || rounds < usual.rounds || perRound > 1;
    return {
      rounds: { rounds, runs: { warmUp: size === tried ? 0 : 1, perRound: 1 } },
      ...(isReduced ? { reduced: { batch: size, factor: batch / size } } : {}),
    };
  }
}
