import { ValueError } from '../ir/errors.ts';
import type { Schedule } from './schedules.ts';

/** Options of an optimizer that must be 0 or more. */
export function checkNotNegative(optimizer: string, options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) {
      throw new ValueError(`[${optimizer}] got ${name} ${value}, wanted a finite number from 0 up.`);
    }
  }
}

/** Options of an optimizer that are shares of what is kept from step to step. */
export function checkShare(optimizer: string, options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (!(value >= 0 && value < 1)) {
      throw new ValueError(`[${optimizer}] got ${name} ${value}, wanted a number with 0 <= ${name} < 1.`);
    }
  }
}

/** A share that may follow a schedule, at an update counted from 0. */
export function shareAt(optimizer: string, name: string, share: number | Schedule, step: number): number {
  const value = typeof share === 'number' ? share : share(step);
  checkShare(optimizer, { [name]: value });
  return value;
}
