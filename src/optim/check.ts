import { refusal } from '../ir/arguments.ts';
import type { Schedule } from './schedules.ts';

/** @throws ValueError unless each of an optimizer's options is finite and 0 or more. */
export function checkNotNegative(optimizer: string, options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (!(Number.isFinite(value) && value >= 0))
      throw refusal(optimizer, name, value, 'a finite number from 0 up');
  }
}

/** @throws ValueError unless each of an optimizer's options is a fraction, 0 <= fraction < 1. */
export function checkFraction(optimizer: string, options: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (!(Number.isFinite(value) && value >= 0 && value < 1))
      throw refusal(optimizer, name, value, `a number with 0 <= ${name} < 1`);
  }
}

/** The value of a fraction, a number or a schedule, at an update counted from 0. */
export function fractionAt(
  optimizer: string,
  name: string,
  fraction: number | Schedule,
  step: number,
): number {
  const value = typeof fraction === 'function' ? fraction(step) : fraction;
  checkFraction(optimizer, { [name]: value });
  return value;
}
