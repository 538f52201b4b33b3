import { checkCount, checkOptions, checkWhole, describe, type Known } from '../../ir/arguments.ts';
import { StateError, ValueError } from '../../ir/errors.ts';
import { checkState, type State } from '../../ir/state.ts';
import type { Callback } from './callback.ts';
import { checkMonitor, modeOf, monitored } from './monitor.ts';

export interface ReduceOnPlateauOptions {
  /** The name of the result to monitor, as in the history; `val_loss` by default. */
  readonly monitor?: string;
  /** What the learning rate is multiplied by, 0 < factor < 1; 0.1 by default. */
  readonly factor?: number;
  /** The number of epochs in a row without improvement after which the learning rate is reduced; 10 by default. */
  readonly patience?: number;
  /** A change must exceed this to count as an improvement; 1e-4 by default. */
  readonly minDelta?: number;
  /** The number of epochs after a reduction that do not count; 0 by default. */
  readonly cooldown?: number;
  /** The learning rate is not reduced below this; 0 by default. */
  readonly minLearningRate?: number;
  /**
   * Whether small or large values are better. By default 'min' for `loss` and `val_loss`, and what the metric says for its
   * name. Required for other results.
   */
  readonly mode?: 'min' | 'max';
}

const known: Known<ReduceOnPlateauOptions> = {
  ...{ monitor: 0, factor: 0, patience: 0, minDelta: 0, cooldown: 0, minLearningRate: 0, mode: 0 },
};

interface Remembered extends State {
  readonly best: number;
  readonly waited: number;
  readonly cooling: number;
}

/**
 * Multiplies the learning rate by `factor` when a result has not improved for `patience` epochs, as `ReduceLROnPlateau` of
 * Keras. NaN is not an improvement. The learning rate must be a number, not a schedule; that of a `MultiOptimizer`, which
 * multiplies those of its parts, is 1 at first.
 */
export function reduceOnPlateau(options: ReduceOnPlateauOptions = {}): Callback {
  checkCount('reduceOnPlateau', arguments.length, 1);
  checkOptions('reduceOnPlateau', options, known);
  const { monitor = 'val_loss', factor = 0.1, patience = 10, minDelta = 1e-4 } = options;
  const { cooldown = 0, minLearningRate = 0 } = options;
  if (!(typeof factor === 'number' && factor > 0 && factor < 1)) {
    throw new ValueError(
      `[reduceOnPlateau] got factor ${describe(factor)}, wanted a number with 0 < factor < 1.`,
    );
  }
  checkWhole('reduceOnPlateau', 'patience', patience, 0);
  checkWhole('reduceOnPlateau', 'cooldown', cooldown, 0);
  for (const [name, value] of Object.entries({ minDelta, minLearningRate })) {
    if (!(typeof value === 'number' && value >= 0))
      throw new ValueError(`[reduceOnPlateau] got ${name} ${describe(value)}, wanted a number from 0 up.`);
  }
  checkMonitor('reduceOnPlateau', monitor, options.mode);

  let sign = 1;
  let best = Number.NEGATIVE_INFINITY;
  let waited = 0;
  let cooling = 0;
  return {
    kind: 'reduceOnPlateau',
    onTrainBegin({ metrics, optimizer }) {
      if (typeof optimizer.learningRate !== 'number') {
        throw new StateError(
          '[reduceOnPlateau] got an optimizer with a schedule, wanted one whose learning rate is a number. Use one of both.',
        );
      }
      sign = modeOf('reduceOnPlateau', monitor, options.mode, metrics) === 'min' ? -1 : 1;
      best = Number.NEGATIVE_INFINITY;
      waited = 0;
      cooling = 0;
    },
    onEpochEnd({ results }, { optimizer }) {
      const value = sign * monitored('reduceOnPlateau', monitor, results);
      if (cooling > 0) {
        cooling--;
        waited = 0;
      }
      if (value > best + minDelta) {
        best = value;
        waited = 0;
      } else if (cooling === 0 && ++waited >= patience) {
        const { currentLearningRate: rate } = optimizer;
        if (rate <= minLearningRate) return;
        optimizer.learningRate = Math.max(rate * factor, minLearningRate);
        cooling = cooldown;
        waited = 0;
      }
    },
    getState: () => ({ best, waited, cooling }),
    setState(state) {
      checkState(state, { best, waited, cooling });
      ({ best, waited, cooling } = state as Remembered);
    },
  };
}
