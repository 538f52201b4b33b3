import { describe } from '../ir/arguments.ts';
import { NonFiniteError } from '../ir/errors.ts';

/** @throws NonFiniteError for values that are NaN or infinite. */
export function checkFinite(operation: string, name: string, values: ArrayLike<number>): void {
  // A finite x has x - x = 0. A sum of these is several times as fast as a test of each.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! - values[i]!;
  if (sum === 0) return;
  const i = Array.prototype.findIndex.call(values, (x) => !Number.isFinite(x));
  throw new NonFiniteError(
    `[${operation}] got ${values[i]} at index ${i} of ${describe(name)}, wanted finite numbers.`,
  );
}
