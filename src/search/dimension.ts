import { ValueError } from '../ir/errors.ts';
import { exp, log } from '../ir/math/index.ts';
import { checkWhole } from './check.ts';
import { isJson, type Json } from './json.ts';

/** One hyper-parameter: the values that it may take. */
export interface Dimension<T> {
  /** How it was declared, as plain data: what a journal keeps. */
  readonly description: { readonly [key: string]: Json };
  /** How many values there are; Infinity for a stretch of real numbers. */
  readonly size: number;
  /** The value for a number that is drawn evenly from [0, 1). */
  at(u: number): T;
  /** What a grid takes of it, in order; null where it would not end. */
  grid(): readonly T[] | null;
}

/** Options of a stretch of real numbers. */
export interface RangeOptions {
  /** How many values a grid takes, both ends included; from 2 up. */
  readonly steps?: number;
}

/** Options of `integer`. */
export interface IntegerOptions {
  /** The distance of two neighbours, 1 by default; values are low, low + step, ... as far as high. */
  readonly step?: number;
  /** Draws small values more often: v with a probability in proportion to log((v + step) / v). */
  readonly log?: boolean;
}

/**
 * One of several values, each equally likely: numbers, texts, or any JSON, so that a choice can be a whole
 * setting.
 *
 *     choice([64, 128, 256])
 *     choice([{ optimizer: 'sgd', momentum: 0.9 }, { optimizer: 'adam' }])
 *
 * @throws ValueError where there is no value, a value twice, or one that JSON can't hold.
 */
export function choice<const T extends readonly Json[]>(values: T): Dimension<T[number]> {
  const wrong = values.findIndex((value) => !isJson(value));
  if (wrong >= 0) {
    throw new ValueError(
      `[choice] got ${String(values[wrong])}, wanted values that JSON can hold (a name in place of a function, say).`,
    );
  }
  const texts = values.map((value) => JSON.stringify(value));
  if (values.length === 0) throw new ValueError('[choice] got no values, wanted one or more.');
  const twice = texts.find((text, i) => texts.indexOf(text) < i);
  if (twice !== undefined) throw new ValueError(`[choice] got ${twice} twice, wanted each value once.`);
  const kept: readonly T[number][] = [...values];
  return {
    description: { kind: 'choice', values: kept },
    size: kept.length,
    at: (u) => kept[Math.floor(u * kept.length)]!,
    grid: () => kept,
  };
}

/**
 * A real number from `low` up to `high`, evenly distributed.
 *
 * @throws ValueError where low is not below high.
 */
export function uniform(low: number, high: number, options: RangeOptions = {}): Dimension<number> {
  checkRange('uniform', low, high);
  return {
    description: { kind: 'uniform', low, high, ...options },
    size: Number.POSITIVE_INFINITY,
    at: (u) => between(low, high, low + (high - low) * u),
    grid: evenly('uniform', options, (share) => low + (high - low) * share, low, high),
  };
}

/**
 * A real number from `low` up to `high` whose logarithm is evenly distributed: for learning rates, penalties
 * and whatever else is thought of in powers of ten.
 *
 * @param low above 0.
 * @throws ValueError where low is not above 0 and below high.
 */
export function logUniform(low: number, high: number, options: RangeOptions = {}): Dimension<number> {
  checkRange('logUniform', low, high);
  if (!(low > 0)) throw new ValueError(`[logUniform] got low ${low}, wanted a number above 0.`);
  const start = log(low);
  const width = log(high) - start;
  const value = (share: number): number => between(low, high, exp(start + width * share));
  return {
    description: { kind: 'logUniform', low, high, ...options },
    size: Number.POSITIVE_INFINITY,
    at: value,
    grid: evenly('logUniform', options, value, low, high),
  };
}

/**
 * A whole number from `low` to `high`, both included. A grid takes all of them.
 *
 *     integer(32, 512, { step: 32 })
 *
 * @throws ValueError where these are no whole numbers, low is above high, or, with `log`, low is below 1.
 */
export function integer(low: number, high: number, options: IntegerOptions = {}): Dimension<number> {
  const { step = 1, log: logarithmic = false } = options;
  checkWhole('integer', 'low', low, logarithmic ? 1 : Number.MIN_SAFE_INTEGER);
  checkWhole('integer', 'high', high, low);
  checkWhole('integer', 'step', step, 1);
  const size = Math.floor((high - low) / step) + 1;
  const start = logarithmic ? log(low) : 0;
  const width = logarithmic ? log(low + size * step) - start : 0;
  const index = (u: number): number =>
    logarithmic ? Math.floor((exp(start + width * u) - low) / step) : Math.floor(u * size);
  return {
    description: { kind: 'integer', low, high, ...options },
    size,
    // Rounding must not lead beyond the ends.
    at: (u) => low + step * between(0, size - 1, index(u)),
    grid: () => Array.from({ length: size }, (_, i) => low + step * i),
  };
}

function evenly(
  operation: string,
  { steps }: RangeOptions,
  value: (share: number) => number,
  low: number,
  high: number,
): () => readonly number[] | null {
  if (steps === undefined) return () => null;
  checkWhole(operation, 'steps', steps, 2);
  // The ends are exact.
  const at = (i: number): number => (i === 0 ? low : i === steps - 1 ? high : value(i / (steps - 1)));
  return () => Array.from({ length: steps }, (_, i) => at(i));
}

const between = (low: number, high: number, value: number): number => Math.min(high, Math.max(low, value));

function checkRange(operation: string, low: number, high: number): void {
  if (Number.isFinite(low) && Number.isFinite(high) && low < high) return;
  throw new ValueError(
    `[${operation}] got low ${low} and high ${high}, wanted finite numbers with low < high.`,
  );
}
