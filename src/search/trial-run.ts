import type { Point } from './space.ts';

/** A trial that was run, with one budget. Plain data. */
export interface TrialRun<P = Point> {
  /** The trial's number, counted from 0. */
  readonly trial: number;
  /** The round, counted from 0. */
  readonly rung: number;
  readonly epochs: number;
  /** With it, `parameters` and `epochs` the run can be repeated. */
  readonly seed: number;
  readonly parameters: P;
  /** What the trial function gave; empty where it gave nothing. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Why the run failed; null where it did not. */
  readonly error: string | null;
  /** Time taken. */
  readonly seconds: number;
}
