import type { ScaleOptions } from '@observablehq/plot';

/** A logarithmic scale from `range[0]` to `range[1]` pixels, with its ticks. */
export interface LogScale {
  readonly domain: readonly [number, number];
  readonly range: readonly [number, number];
  readonly ticks: readonly number[];
  /** The value that is drawn: the value itself, but at least the floor. */
  clamp(value: number): number;
  apply(value: number): number;
  invert(pixel: number): number;
}

/**
 * A scale that covers positive `values` and some padding, with at most `most` ticks. Values below `floor` count as `floor`,
 * so that 0 can be drawn.
 */
export function logScale(
  values: readonly number[],
  range: readonly [number, number],
  { most = 6, floor = 0, pad = 0.06, candidates = decimalTicks }: LogScaleOptions = {},
): LogScale {
  const logs = values
    .filter((v) => Number.isFinite(v) && Math.max(v, floor) > 0)
    .map((v) => Math.log(Math.max(v, floor)));
  let [low, high] = [Math.min(...logs), Math.max(...logs)];
  // (Nearly) equal values: adds half a decade on each side.
  if (high - low < 0.4) [low, high] = [(low + high) / 2 - 1.15, (low + high) / 2 + 1.15];
  const space = pad * (high - low);
  low -= space;
  high += space;
  const ticks = candidates(Math.exp(low), Math.exp(high), most);
  const [from, to] = range;
  return {
    domain: [Math.exp(low), Math.exp(high)],
    range,
    ticks,
    clamp: (value) => Math.max(value, floor),
    apply: (value) => from + ((Math.log(Math.max(value, floor)) - low) / (high - low)) * (to - from),
    invert: (pixel) => Math.exp(low + ((pixel - from) / (to - from)) * (high - low)),
  };
}

export interface LogScaleOptions {
  readonly most?: number;
  readonly floor?: number;
  /** Padding at both ends, relative to the span. */
  readonly pad?: number;
  readonly candidates?: (low: number, high: number, most: number) => readonly number[];
}

/** The scale as an option of Observable Plot. */
export function plotScale({ domain, range }: LogScale): ScaleOptions {
  return { type: 'log', domain: [...domain], range: [...range], axis: null };
}

/** Round numbers from `low` to `high`: 1-2-5 steps, or fewer or more if these are too many or too few. */
export function decimalTicks(low: number, high: number, most: number): readonly number[] {
  const between = (digits: readonly number[]) => {
    const ticks: number[] = [];
    for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++) {
      for (const digit of digits) ticks.push(Number(`${digit}e${e}`));
    }
    return ticks.filter((t) => t >= low && t <= high);
  };
  const [, , coarsest] = coarse;
  const fits = coarse.map(between).find((ticks) => ticks.length <= most) ?? between(coarsest);
  if (fits.length > 2) return fits;
  return between([1, 1.5, 2, 3, 4, 5, 7]).length <= most ? between([1, 1.5, 2, 3, 4, 5, 7]) : fits;
}

/** Round times in seconds: 1 s, 10 s, 1 min, 10 min, 1 h, with more ticks if they fit. */
export function timeTicks(low: number, high: number, most: number): readonly number[] {
  if (low < 0.1) return decimalTicks(low, high, most);
  const steps = times.map((of) => of.filter((t) => t >= low && t <= high));
  return steps.find((ticks) => ticks.length <= most && ticks.length > 1) ?? steps.at(-1)!;
}

/** Candidate ticks, from many to few, then for short ranges. */
const times = [
  [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120, 300, 600, 1200, 3600, 7200, 18000, 36000, 86400],
  [0.1, 0.3, 1, 3, 10, 30, 60, 180, 600, 1800, 3600, 10800, 36000, 86400],
  [0.1, 1, 10, 60, 600, 3600, 36000],
  [0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300].concat([
    420, 600, 900, 1200, 1800, 2700, 3600, 5400, 7200, 10800, 14400, 18000, 36000, 54000, 86400,
  ]),
];

const coarse = [[1, 2, 5], [1, 3], [1]] as const;
