import type { TypedArray } from './dtype.ts';
import { StateError } from './errors.ts';

/** A copy of a storage's values in a backend's memory. */
export interface DeviceCopy {
  /**
   * Whether the host array is out of date and can only be updated asynchronously, by `Backend.read`. Also true for lost
   * values.
   */
  readonly stale?: boolean;
  /** Whether the values were never computed because their run failed. The storage may still be overwritten. */
  readonly lost?: boolean;
  /** Updates the storage's host array. Throws a StateError if it is `stale`. */
  fetch(): void;
  /** The values where they are, until the next run; null if the host array is up to date. */
  view?(): TypedArray | null;
  /** Discards the copy, because the array is about to be overwritten. */
  drop(): void;
}

// Errors of the device copies of asynchronous backends.

/** The error for values that can only be read asynchronously. */
export function valuesNotOnHost(backend: string): StateError {
  return new StateError(
    `[dataSync] the values are in the memory of backend '${backend}', which can't be read synchronously. ` +
      'Use `await t.data()`; after it dataSync(), item() and printing work too.',
  );
}

/** The error for lost values. */
export function neverComputed(): StateError {
  return new StateError(
    '[run] these values were never computed, because the step that computes them failed. ' +
      'The rejection of its promise has the reason: await the step first, then build the graph again.',
  );
}
