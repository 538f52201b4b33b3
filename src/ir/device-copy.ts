import type { TypedArray } from './dtype.ts';
import { StateError } from './errors.ts';

/** A copy of a storage's values in a backend's memory. */
export interface DeviceCopy {
  /**
   * Whether the array is out of date and only waiting mends that (`Backend.read`): on asynchronous backends.
   * So it is too where the values will never be there, because the run that was to compute them failed.
   */
  readonly stale?: boolean;
  /** Will the values never come home? They may be replaced all the same. */
  readonly lost?: boolean;
  /** Brings the storage's array up to date; throws a StateError that says why not where it is `away`. */
  fetch(array: TypedArray): void;
  /** The array is about to be overwritten: the copy counts no more. */
  drop(): void;
}

// What the residences of asynchronous backends throw where a storage's array is asked for.

/** The values are in a backend's memory, from where they come only by waiting. */
export function valuesNotOnHost(backend: string): StateError {
  return new StateError(
    `[dataSync] the values are in the memory of backend '${backend}', and can't be read from there without waiting. ` +
      'Use `await t.data()`; after it dataSync(), item() and printing work too.',
  );
}

/** The run that was to compute the values failed. */
export function neverComputed(): StateError {
  return new StateError(
    '[run] these values were never computed: the step that was to compute them failed. ' +
      'Its own promise says why; await it first, and build the graph anew.',
  );
}
