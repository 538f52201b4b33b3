import { checkCount } from '../../ir/arguments.ts';
import { checkState } from '../../ir/state.ts';
import type { Callback } from './callback.ts';

/** Stores the learning rate of each epoch's last step in the history, as `learningRate`. */
export function learningRateLogger(): Callback {
  checkCount('learningRateLogger', arguments.length, 0);
  let latest = Number.NaN;
  return {
    kind: 'learningRateLogger',
    lazyResults: true,
    onBatchEnd({ learningRate }) {
      latest = learningRate;
    },
    onEpochEnd({ results }) {
      results.learningRate = latest;
    },
    getState: () => ({ latest }),
    setState(state) {
      checkCount('setState', arguments.length, 1);
      checkState(state, { latest });
      latest = state.latest as number;
    },
  };
}
