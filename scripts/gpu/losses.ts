/** What `program.mjs` returns. */
export interface GpuOutcome {
  readonly losses: readonly number[];
  /** Name of the backend. */
  readonly name: string;
  /** The adapter. */
  readonly reason: string;
  readonly milliseconds: number;
}

/** The losses that differ from those of another backend by more than rounding. */
export function lossProblems(losses: readonly number[], expected: readonly number[]): string[] {
  if (losses.length !== expected.length) return [`${losses.length} losses, not ${expected.length}`];
  return losses.flatMap((loss, i) => {
    const fits = Math.abs(loss - expected[i]!) <= 1e-4 * Math.abs(expected[i]!);
    return fits ? [] : [`loss ${i} is ${loss}, not ${expected[i]}`];
  });
}
