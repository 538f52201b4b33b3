import { refusal } from './arguments.ts';
import type { TypedArray } from './dtype.ts';

/** A value in a state. */
export type StateValue =
  | number
  | string
  | boolean
  | null
  | TypedArray
  | Float64Array
  | readonly StateValue[]
  | State;

/** What an object remembers, by name: plain data that `structuredClone` copies and checkpoints store to the bit. */
export interface State {
  readonly [name: string]: StateValue;
}

const typeOf = (value: unknown): string => Object.prototype.toString.call(value);

/** @throws ValueError unless a state has the entries of another one, with values of the same types and lengths. */
export function checkState(state: unknown, like: State): void {
  for (const [name, value] of Object.entries(like)) {
    const given = Object(state)[name];
    if (typeOf(given) !== typeOf(value) || given.length !== (value as { length?: number }).length)
      throw refusal('setState', name, given, 'the state that getState of the same class returned');
  }
}
