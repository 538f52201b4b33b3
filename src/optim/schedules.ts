import { checkArray, checkCount, checkNumber, describe, readOptions, reportAs } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import { cos, pow } from '../ir/math/index.ts';

/**
 * A function from the number of an update, counted from 0, to its learning rate (or momentum, or the decay of an
 * average).
 */
export type Schedule = (step: number) => number;

const pi = 3.141592653589793;

/** The same rate at every step. */
export function constant(rate: number): Schedule {
  checkCount('constant', arguments.length, 1);
  checkNumber('constant', 'rate', rate);
  return () => rate;
}

/** rate * factor^floor(step / every). */
export function stepDecay(options: { rate: number; every: number; factor: number }): Schedule {
  checkCount('stepDecay', arguments.length, 1);
  const { rate, every, factor } = readSettings('stepDecay', options, {
    rate: undefined,
    every: undefined,
    factor: undefined,
  });
  checkSteps('stepDecay', 'every', every);
  return (step) => rate * pow(factor, Math.floor(step / every));
}

/** rate * factor^(step / every); `every` is 1 by default. */
export function exponentialDecay(options: { rate: number; factor: number; every?: number }): Schedule {
  checkCount('exponentialDecay', arguments.length, 1);
  const { rate, factor, every } = readSettings('exponentialDecay', options, {
    rate: undefined,
    factor: undefined,
    every: 1,
  });
  checkSteps('exponentialDecay', 'every', every);
  return (step) => rate * pow(factor, step / every);
}

/**
 * From `rate` at step 0 down to `minimum` (0 by default) at step `steps` and later, along half a cosine (Loshchilov &
 * Hutter 2017).
 */
export function cosineDecay(options: { rate: number; steps: number; minimum?: number }): Schedule {
  checkCount('cosineDecay', arguments.length, 1);
  const { rate, steps, minimum } = readSettings('cosineDecay', options, {
    rate: undefined,
    steps: undefined,
    minimum: 0,
  });
  checkSteps('cosineDecay', 'steps', steps);
  return (step) => between(rate, minimum, step / steps);
}

/**
 * Cosines from `rate` down to `minimum` (0 by default), one after the other (SGDR, Loshchilov & Hutter 2017). The first
 * takes `steps` steps, each later one `factor` (a whole number, 1 by default) times as many as the one before.
 */
export function cosineRestarts(options: {
  rate: number;
  steps: number;
  factor?: number;
  minimum?: number;
}): Schedule {
  checkCount('cosineRestarts', arguments.length, 1);
  const { rate, steps, factor, minimum } = readSettings('cosineRestarts', options, {
    rate: undefined,
    steps: undefined,
    factor: 1,
    minimum: 0,
  });
  checkSteps('cosineRestarts', 'steps', steps);
  if (!(Number.isInteger(factor) && factor >= 1))
    throw new ValueError(`[cosineRestarts] got factor ${describe(factor)}, wanted a whole number from 1 up.`);
  return (step) => {
    let length = steps;
    let at = factor === 1 ? step % steps : step;
    while (at >= length) {
      at -= length;
      length *= factor;
    }
    return between(rate, minimum, at / length);
  };
}

/**
 * From `rate` at step 0 to `end` (0 by default) at step `steps` and later: end + (rate - end) * (1 - step / steps)^power,
 * with the power 1 (a straight line) by default.
 */
export function polynomialDecay(options: {
  rate: number;
  steps: number;
  power?: number;
  end?: number;
}): Schedule {
  checkCount('polynomialDecay', arguments.length, 1);
  const { rate, steps, power, end } = readSettings('polynomialDecay', options, {
    rate: undefined,
    steps: undefined,
    power: 1,
    end: 0,
  });
  checkSteps('polynomialDecay', 'steps', steps);
  checkSteps('polynomialDecay', 'power', power);
  return (step) => end + (rate - end) * pow(1 - Math.min(step / steps, 1), power);
}

/**
 * A linear increase over `steps` steps from `start` (0 by default) times the first rate to the first rate, then
 * `rate`; a schedule is called with the number of steps after the warmup.
 */
export function warmup(options: { rate: number | Schedule; steps: number; start?: number }): Schedule {
  checkCount('warmup', arguments.length, 1);
  const { rate, steps, start } = readOptions('warmup', options, {
    rate: undefined,
    steps: undefined,
    start: 0,
  });
  checkSteps('warmup', 'steps', steps);
  checkNumber('warmup', 'start', start);
  const next = typeof rate === 'function' ? rate : reportAs('warmup', () => constant(rate));
  return (step) => (step < steps ? next(0) * (start + (1 - start) * (step / steps)) : next(step - steps));
}

/**
 * One cycle (Smith & Topin 2018; PyTorch's OneCycleLR with cosine annealing): from peak / startDivisor (25 by default)
 * up to `peak` in the first `warmupFraction` (0.3 by default) of `steps` steps, then down to peak / startDivisor /
 * endDivisor (1e4 by default) at the last step. PyTorch's default momentum falls from 0.95 to 0.85 and rises again:
 * pass `oneCycle({ peak: 0.85, steps, startDivisor: 0.85 / 0.95, endDivisor: 1 })` as `momentum` or as the first of
 * the `betas`.
 */
export function oneCycle(options: {
  peak: number;
  steps: number;
  warmupFraction?: number;
  startDivisor?: number;
  endDivisor?: number;
}): Schedule {
  checkCount('oneCycle', arguments.length, 1);
  const { peak, steps, warmupFraction, startDivisor, endDivisor } = readSettings('oneCycle', options, {
    ...{ peak: undefined, steps: undefined, warmupFraction: 0.3, startDivisor: 25, endDivisor: 1e4 },
  });
  checkSteps('oneCycle', 'steps', steps);
  const start = peak / startDivisor;
  const top = warmupFraction * steps - 1;
  return (step) =>
    step <= top && top > 0
      ? between(start, peak, step / top)
      : between(peak, start / endDivisor, (step - top) / (steps - 1 - top));
}

/**
 * `rates[0]` before step `boundaries[0]`, then `rates[1]` before step `boundaries[1]`, and so on: one rate more than
 * boundaries.
 */
export function piecewise(options: { boundaries: readonly number[]; rates: readonly number[] }): Schedule {
  checkCount('piecewise', arguments.length, 1);
  const { boundaries, rates } = readOptions('piecewise', options, {
    boundaries: undefined,
    rates: undefined,
  });
  checkArray('piecewise', 'boundaries', boundaries, '[1000]');
  checkArray('piecewise', 'rates', rates, '[0.1, 0.01]');
  for (const n of [...boundaries, ...rates]) checkNumber('piecewise', 'rates or boundaries', n);
  if (rates.length !== boundaries.length + 1) {
    throw new ValueError(
      `[piecewise] got ${boundaries.length} boundaries and ${rates.length} rates, wanted one rate more than boundaries.`,
    );
  }
  if (boundaries.some((b, i) => i > 0 && b <= boundaries[i - 1]!)) {
    throw new ValueError(
      `[piecewise] got boundaries [${boundaries.join(', ')}], wanted them in ascending order.`,
    );
  }
  return (step) => rates[boundaries.filter((b) => b <= step).length]!;
}

/** Half a cosine from a (at 0) to b (at 1 and above). */
function between(a: number, b: number, fraction: number): number {
  return b + (a - b) * 0.5 * (1 + cos(pi * Math.min(1, fraction)));
}

/** Options that are numbers. */
function readSettings<O extends Readonly<Record<string, number>>>(
  schedule: string,
  given: O,
  defaults: { readonly [K in keyof O]-?: O[K] | undefined },
): Required<O> {
  const read = readOptions(schedule, given, defaults);
  for (const [name, value] of Object.entries(read)) checkNumber(schedule, name, value);
  return read as Required<O>;
}

function checkSteps(schedule: string, what: string, n: number): void {
  if (!(typeof n === 'number' && n > 0))
    throw new ValueError(`[${schedule}] got ${what} ${describe(n)}, wanted a number above 0.`);
}

/**
 * Learning-rate schedules: functions of the number of updates so far.
 *
 * `constant`, `stepDecay`, `exponentialDecay`, `cosineDecay`, `cosineRestarts`, `polynomialDecay`, `warmup`, `oneCycle`, `piecewise`
 */
export const schedules = {
  constant,
  stepDecay,
  exponentialDecay,
  cosineDecay,
  cosineRestarts,
  polynomialDecay,
  warmup,
  oneCycle,
  piecewise,
};
