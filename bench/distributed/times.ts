/** Milliseconds of one step. */
export interface Times {
  readonly wall: number;
  /** Processor time of all threads of the process, or of all ranks. */
  readonly processor: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}

export const best = (values: readonly number[]): number => Math.min(...values);

/** The steps of several ranks: the wall time of rank 0, and the processor time of all. */
export const together = (ranks: readonly (readonly Times[])[]): Times[] =>
  ranks[0]!.map(({ wall }, i) => ({
    wall,
    processor: ranks.reduce((sum, steps) => sum + steps[i]!.processor, 0),
  }));
