import type { ContestantProcess } from './process.ts';

/** Seconds of one run, in each round. */
export interface Timing {
  readonly median: number;
  readonly minimum: number;
  readonly rounds: number;
  /** For a contestant that was too slow for the usual rounds. */
  readonly limit?: Limit;
}

/** It did fewer rounds, or smaller batches: of `batch` samples, with the time multiplied by `factor`. */
export interface Limit {
  readonly batch: number;
  readonly factor: number;
}

export function timing(seconds: readonly number[]): Timing {
  const sorted = [...seconds].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.ceil(middle - 1)]! + sorted[Math.floor(middle)]!) / 2;
  return { median, minimum: sorted[0]!, rounds: sorted.length };
}

/** How a task is timed: runs that are not counted, rounds, and runs in each round. */
export interface Rounds {
  readonly rounds: number;
  /** Fixed numbers of runs; without them as many as fill the times below, for each contestant. */
  readonly runs?: { readonly warmUp: number; readonly perRound: number };
}

const warmUpSeconds = 0.25;
const roundSeconds = 0.1;

/** A contestant and how it is timed. */
export interface Turn {
  readonly process: ContestantProcess;
  readonly rounds: Rounds;
}

/**
 * Times what the processes have prepared, in turn (A B C A B C ...), so that a machine whose speed drifts is
 * the same for all. `between` is called before each round.
 */
export async function measure(
  turns: readonly Turn[],
  between: () => Promise<void> = async () => {},
): Promise<Timing[]> {
  const perRound: number[] = [];
  for (const { process, rounds } of turns) {
    if (rounds.runs !== undefined) await process.call('time', rounds.runs.warmUp);
    perRound.push(rounds.runs?.perRound ?? (await warmUp(process)));
  }
  const seconds: number[][] = turns.map(() => []);
  const most = Math.max(0, ...turns.map(({ rounds }) => rounds.rounds));
  for (let round = 0; round < most; round++) {
    await between();
    for (const [i, { process, rounds }] of turns.entries()) {
      if (round >= rounds.rounds) continue;
      seconds[i]!.push((await process.call('time', perRound[i]!)) / perRound[i]!);
    }
  }
  return seconds.map(timing);
}

/** Runs until engines have compiled what they run; gives the number of runs that fill a round. */
async function warmUp(process: ContestantProcess): Promise<number> {
  let total = 0;
  for (let times = 1; ; times *= 2) {
    const seconds = await process.call('time', times);
    total += seconds;
    if (total >= warmUpSeconds && times > 1) return Math.max(1, Math.round((times * roundSeconds) / seconds));
  }
}

/** Seconds of one run of a task that has been run before: the fastest of some. */
async function probe(process: ContestantProcess): Promise<number> {
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
 * Makes a task ready and says how to time it: as usual where a contestant does that within about `seconds`;
 * else in fewer rounds of one run, and with smaller batches where not even three runs would be done.
 *
 * @param usual the rounds of those who are fast enough.
 * @param batch the usual samples of a batch; `few` are those of the task that the process has run before.
 * @param prepare makes the task ready with so many samples a batch.
 */
export async function within(
  seconds: number,
  process: ContestantProcess,
  usual: Rounds,
  { batch, few }: { readonly batch: number; readonly few: number },
  prepare: (batch: number) => Promise<unknown>,
): Promise<{ rounds: Rounds; limit?: Limit }> {
  const { warmUp, perRound } = usual.runs ?? { warmUp: 3, perRound: 1 };
  for (let tried = few; ; ) {
    const perSample = (await probe(process)) / tried;
    const isFast = perSample * batch * (warmUp + usual.rounds * perRound) <= seconds;
    let size = batch;
    while (!isFast && size > 1 && perSample * size * 3 > seconds) size = Math.ceil(size / 2);
    if (size !== tried) await prepare(size);
    if (isFast) return { rounds: usual };
    // Small batches say little of those with threads or long calls: tried again with what seems possible.
    if (size > tried && size < batch) {
      await process.call('time', 1);
      tried = size;
      continue;
    }
    const most = Math.max(1, Math.floor(seconds / (perSample * size)) - 1);
    const rounds = Math.min(usual.rounds, most);
    const isLimited = size < batch || rounds < usual.rounds || perRound > 1;
    return {
      rounds: { rounds, runs: { warmUp: size === tried ? 0 : 1, perRound: 1 } },
      ...(isLimited ? { limit: { batch: size, factor: batch / size } } : {}),
    };
  }
}
