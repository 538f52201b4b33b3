import { ValueError } from '../ir/errors.ts';

export function checkWhole(operation: string, what: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new ValueError(`[${operation}] got ${what} ${value}, wanted a whole number of at least ${least}.`);
}
