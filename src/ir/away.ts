import { StateError } from './errors.ts';

// What the residences of asynchronous backends throw where a storage's array is asked for.

/** The values are in a backend's memory, from where they come only by waiting. */
export function valuesAway(backend: string): StateError {
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
