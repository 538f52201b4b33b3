import { checkCount } from '../../ir/arguments.ts';
import type { Callback } from './callback.ts';

/**
 * Ends training without an error when the loss, a gradient or a new value is NaN or infinite, and stores the cause in the history's `stopped`. Without this
 * callback `fit` rejects with the same text. In both cases the Parameters keep the values of the previous step.
 */
export function stopOnNaN(): Callback {
  checkCount('stopOnNaN', arguments.length, 0);
  return {
    kind: 'stopOnNaN',
    onNaN({ message }, training) {
      training.stop(message);
    },
  };
}
