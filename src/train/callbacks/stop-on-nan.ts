import type { Callback } from './callback.ts';

/**
 * Ends training where the loss becomes NaN, with what went wrong in the history's `stopped`. Without it `fit`
 * fails with the same text. In both cases the Parameters keep the values of the last good step.
 */
export function stopOnNaN(): Callback {
  return {
    kind: 'stopOnNaN',
    onNaN({ message }, training) {
      training.stop(message);
    },
  };
}
