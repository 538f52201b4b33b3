import type { Point } from './space.ts';

/** One run of a trial with one budget. Plain data. */
export interface TrialRun<P = Point> {
  /** The trial's number, counted from 0. */
  readonly trial: number;
  /** The round, counted from 0. */
  readonly rung: number;
  readonly epochs: number;
  /** The trial's seed: `seed`, `parameters` and `epochs` reproduce the run. */
  readonly seed: number;
  readonly parameters: P;
  /** The result of the trial function; empty if it returned nothing. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Why the run failed; null if it succeeded. */
  readonly error: string | null;
  /** The duration. */
  readonly seconds: number;
}
