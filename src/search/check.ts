import { describe } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';

export function checkWhole(operation: string, what: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new ValueError(
    `[${operation}] got ${what} ${describe(value)}, wanted a whole number of at least ${least}.`,
  );
}
