import type { ContestantProcess } from './process.ts';

/** Seconds of one run, in each round. */
export interface Timing {
  readonly median: number;
  readonly minimum: number;
}

export function timing(seconds: readonly number[]): Timing {
  const sorted = [...seconds].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = (sorted[Math.ceil(middle - 1)]! + sorted[Math.floor(middle)]!) / 2;
  return { median, minimum: sorted[0]! };
}

/** How a task is timed: runs that are not counted, rounds, and runs in each round. */
export interface Rounds {
  readonly rounds: number;
  /** Fixed numbers of runs; without them as many as fill the times below, for each contestant. */
  readonly runs?: { readonly warmUp: number; readonly perRound: number };
}

const warmUpSeconds = 0.25;
const roundSeconds = 0.1;

/**
 * Times a task in all processes in turn (A B C A B C ...), so that a machine whose speed drifts is the same
 * for all. `between` is called before each round.
 */
export async function measure(
  processes: readonly ContestantProcess[],
  { rounds, runs }: Rounds,
  between: () => Promise<void> = async () => {},
): Promise<Timing[]> {
  const perRound: number[] = [];
  for (const process of processes) {
    if (runs !== undefined) await process.call('time', runs.warmUp);
    perRound.push(runs?.perRound ?? (await warmUp(process)));
  }
  const seconds: number[][] = processes.map(() => []);
  for (let round = 0; round < rounds; round++) {
    await between();
    for (const [i, process] of processes.entries()) {
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
