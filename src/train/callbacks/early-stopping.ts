import { checkCount, checkOptions, describe, type Known } from '../../ir/arguments.ts';
import type { TypedArray } from '../../ir/dtype.ts';
import { ValueError } from '../../ir/errors.ts';
import { checkState, type State } from '../../ir/state.ts';
import type { Callback } from './callback.ts';
import { checkMonitor, modeOf, monitored } from './monitor.ts';
import { copyValues, restoreValues } from './weights.ts';

export interface EarlyStoppingOptions {
  /** The name of the result to monitor, as in the history; `val_loss` by default. */
  readonly monitor?: string;
  /**
   * The number of epochs in a row without improvement after which training ends. 0 (the default) and 1 both mean the
   * first such epoch.
   */
  readonly patience?: number;
  /**
   * Epochs before this one, counted from 0, are ignored: for results that vary strongly at first. 0 by default.
   */
  readonly startFromEpoch?: number;
  /** A change must exceed this to count as an improvement; 0 by default. */
  readonly minDelta?: number;
  /**
   * Whether small or large values are better. By default 'min' for `loss` and `val_loss`, and what the metric says for its
   * name. Required for other results.
   */
  readonly mode?: 'min' | 'max';
  /** Whether the values of the best epoch are restored when training ends; true by default. */
  readonly restoreBestWeights?: boolean;
}

const earlyStoppingOptions: Known<EarlyStoppingOptions> = {
  monitor: 0,
  patience: 0,
  startFromEpoch: 0,
  minDelta: 0,
  mode: 0,
  restoreBestWeights: true,
};

interface Remembered extends State {
  readonly best: number;
  readonly bestEpoch: number;
  readonly waited: number;
  readonly weights: readonly TypedArray[];
}

/**
 * Ends training when a result has not improved for `patience` epochs, as in Keras. NaN is not an improvement. The best
 * values are also restored when training ends regularly, but not when it fails or is aborted. The optimizer's state is
 * not restored.
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  checkCount('earlyStopping', arguments.length, 1);
  checkOptions('earlyStopping', options, earlyStoppingOptions);
  const { monitor = 'val_loss', patience = 0, startFromEpoch = 0, minDelta = 0 } = options;
  const { restoreBestWeights = true } = options;
  if (!Number.isInteger(patience) || patience < 0) {
    throw new ValueError(
      `[earlyStopping] got patience ${describe(patience)}, wanted a whole number of at least 0.`,
    );
  }
  if (!Number.isInteger(startFromEpoch) || startFromEpoch < 0) {
    throw new ValueError(
      `[earlyStopping] got startFromEpoch ${startFromEpoch}, wanted a whole number of at least 0.`,
    );
  }
  if (!(typeof minDelta === 'number' && minDelta >= 0))
    throw new ValueError(`[earlyStopping] got minDelta ${describe(minDelta)}, wanted a number from 0 up.`);
  checkMonitor('earlyStopping', monitor, options.mode);

  let sign = 1;
  let best = Number.NEGATIVE_INFINITY;
  let bestEpoch = -1;
  let waited = 0;
  /** The values of the best epoch, in the order of the model's Parameters; none before it. */
  let weights: readonly TypedArray[] = [];
  return {
    kind: 'earlyStopping',
    onTrainBegin({ metrics }) {
      sign = modeOf('earlyStopping', monitor, options.mode, metrics) === 'min' ? -1 : 1;
      best = Number.NEGATIVE_INFINITY;
      bestEpoch = -1;
      waited = 0;
      weights = [];
    },
    async onEpochEnd({ epoch, results }, training) {
      const value = monitored('earlyStopping', monitor, results);
      if (epoch < startFromEpoch) return;
      if (sign * value > best + minDelta) {
        best = sign * value;
        bestEpoch = epoch;
        waited = 0;
        if (restoreBestWeights) weights = await copyValues(training.model.parameters());
      } else if (++waited >= patience) {
        const since = bestEpoch < 0 ? 'was never a number' : `has not improved since epoch ${bestEpoch + 1}`;
        training.stop(`${monitor} ${since}`);
      }
    },
    async onTrainEnd({ model }, error) {
      const restored = error === undefined ? weights : [];
      weights = [];
      await restoreValues(model.parameters(), restored);
    },
    getState: () => ({ best, bestEpoch, waited, weights }),
    setState(state) {
      checkState(state, { best, bestEpoch, waited });
      ({ best, bestEpoch, waited, weights } = state as Remembered);
    },
  };
}
