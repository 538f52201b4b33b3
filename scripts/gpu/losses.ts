/** The result of `train` in `program.mjs`. */
export interface GpuOutcome {
  readonly losses: readonly number[];
  /** Name of the backend. */
  readonly name: string;
  /** The adapter. */
  readonly reason: string;
  readonly milliseconds: number;
}

/** Describes the losses that differ from the expected ones by more than rounding. */
export function lossProblems(losses: readonly number[], expected: readonly number[]): string[] {
  if (losses.length !== expected.length) return [`got ${losses.length} losses, wanted ${expected.length}`];
  return losses.flatMap((loss, i) => {
    const fits = Math.abs(loss - expected[i]!) <= 1e-4 * Math.abs(expected[i]!);
    return fits ? [] : [`loss ${i}: got ${loss}, wanted ${expected[i]}`];
  });
}
