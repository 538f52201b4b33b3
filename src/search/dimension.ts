import { checkCount, checkOptions, checkWhole, describe, type Known } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import { exp, log } from '../ir/math/index.ts';

import { isJson, type Json } from './json.ts';

/** The values that one hyper-parameter can take. */
export interface Dimension<T> {
  /** How it was declared, as plain data for journals. */
  readonly description: { readonly [key: string]: Json };
  /** The number of values; Infinity for a continuous range. */
  readonly size: number;
  /** The value for a number that is drawn uniformly from [0, 1). */
  at(u: number): T;
  /** The values of a grid, in order; null for a continuous range without `steps`. */
  grid(): readonly T[] | null;
}

/** Options of a continuous range. */
export interface RangeOptions {
  /** The number of values in a grid, both ends included; at least 2. */
  readonly steps?: number;
}

/** Options of `integer`. */
export interface IntegerOptions {
  /** The distance of neighboring values, 1 by default: low, low + step, ... up to high. */
  readonly step?: number;
  /** Draws small values more often: v with a probability proportional to log((v + step) / v). */
  readonly log?: boolean;
}

const rangeOptions: Known<RangeOptions> = { steps: 0 };
const integerOptions: Known<IntegerOptions> = { step: 0, log: true };

/**
 * One of several values, all with the same probability. A value is a number, a string or any JSON, such as an object
 * with several settings.
 *
 *     choice([64, 128, 256])
 *     choice([{ optimizer: 'sgd', momentum: 0.9 }, { optimizer: 'adam' }])
 *
 * @throws ValueError if there is no value, a value occurs twice, or JSON cannot represent a value.
 */
export function choice<const T extends readonly Json[]>(values: T): Dimension<T[number]> {
  checkCount('choice', arguments.length, 1);
  if (!Array.isArray(values)) {
    throw new ValueError(`[choice] got ${describe(values)}, wanted an array of values: choice([16, 32]).`);
  }
  const wrong = values.findIndex((value) => !isJson(value));
  if (wrong >= 0) {
    throw new ValueError(
      `[choice] got ${describe(values[wrong])}, wanted values that JSON can represent. Use a name instead of a function.`,
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
 * A real number from `low` to `high`, uniformly distributed.
 *
 * @throws ValueError if low is not below high.
 */
export function uniform(low: number, high: number, options: RangeOptions = {}): Dimension<number> {
  checkCount('uniform', arguments.length, 3);
  checkOptions('uniform', options, rangeOptions);
  checkRange('uniform', low, high);
  return {
    description: { kind: 'uniform', low, high, ...options },
    size: Number.POSITIVE_INFINITY,
    at: (u) => clamp(low, high, low + (high - low) * u),
    grid: gridValues('uniform', options, (fraction) => low + (high - low) * fraction, low, high),
  };
}

/**
 * A real number from `low` to `high` whose logarithm is uniformly distributed: for learning rates, penalties and other
 * hyper-parameters that vary over powers of ten.
 *
 * @param low above 0.
 * @throws ValueError unless 0 < low < high.
 */
export function logUniform(low: number, high: number, options: RangeOptions = {}): Dimension<number> {
  checkCount('logUniform', arguments.length, 3);
  checkOptions('logUniform', options, rangeOptions);
  checkRange('logUniform', low, high);
  if (!(low > 0)) throw new ValueError(`[logUniform] got low ${low}, wanted a number above 0.`);
  const start = log(low);
  const width = log(high) - start;
  const value = (fraction: number): number => clamp(low, high, exp(start + width * fraction));
  return {
    description: { kind: 'logUniform', low, high, ...options },
    size: Number.POSITIVE_INFINITY,
    at: value,
    grid: gridValues('logUniform', options, value, low, high),
  };
}

/**
 * An integer from `low` to `high`, both included. A grid contains all of them.
 *
 *     integer(32, 512, { step: 32 })
 *
 * @throws ValueError if these are not integers, low is above high, or, with `log`, low is below 1.
 */
export function integer(low: number, high: number, options: IntegerOptions = {}): Dimension<number> {
  checkCount('integer', arguments.length, 3);
  checkOptions('integer', options, integerOptions);
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
    // Rounding must not leave the range.
    at: (u) => low + step * clamp(0, size - 1, index(u)),
    grid: () => Array.from({ length: size }, (_, i) => low + step * i),
  };
}

function gridValues(
  operation: string,
  { steps }: RangeOptions,
  value: (fraction: number) => number,
  low: number,
  high: number,
): () => readonly number[] | null {
  if (steps === undefined) return () => null;
  checkWhole(operation, 'steps', steps, 2);
  // The ends are exact.
  const at = (i: number): number => (i === 0 ? low : i === steps - 1 ? high : value(i / (steps - 1)));
  return () => Array.from({ length: steps }, (_, i) => at(i));
}

const clamp = (low: number, high: number, value: number): number => Math.min(high, Math.max(low, value));

function checkRange(operation: string, low: number, high: number): void {
  if (Number.isFinite(low) && Number.isFinite(high) && low < high) return;
  throw new ValueError(
    `[${operation}] got low ${describe(low)} and high ${describe(high)}, wanted finite numbers with low < high.`,
  );
}
