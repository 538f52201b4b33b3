import { checkCount, checkOptions, type Known, refusal } from '../../ir/arguments.ts';
import type { TypedArray } from '../../ir/dtype.ts';
import { checkState, type State } from '../../ir/state.ts';
import type { Model } from '../model.ts';
import type { Callback } from './callback.ts';
import { checkMonitor, modeOf, monitored } from './monitor.ts';
import { copyValues, restoreValues } from './weights.ts';

export interface BestModelOptions {
  /** The name of the result to monitor, as in the history; `val_loss` by default. */
  readonly monitor?: string;
  /**
   * Whether small or large values are better. By default 'min' for `loss` and `val_loss`, and what the metric says for its
   * name. Required for other results.
   */
  readonly mode?: 'min' | 'max';
  /** Whether the values of the best epoch are restored when training ends; true by default. */
  readonly restore?: boolean;
  /**
   * Saves the model of an epoch that is the best one so far, on rank 0. Training waits for it. None by default.
   *
   *     save: async (model) => store.write('best.safetensors', [await saveModel(model)])
   */
  readonly save?: (
    model: Model,
    best: { readonly epoch: number; readonly value: number },
  ) => void | Promise<void>;
}

const known: Known<BestModelOptions> = { monitor: 0, mode: 0, restore: true, save: 0 };

interface Remembered extends State {
  readonly best: number;
  readonly weights: readonly TypedArray[];
}

/**
 * Keeps the values that the Parameters have after the epoch with the best result, restores them when training ends, and saves
 * the model of each new best epoch if `save` is given. NaN is never the best. If training fails or is aborted, nothing is
 * restored. The optimizer's state is not restored.
 */
export function bestModel(options: BestModelOptions = {}): Callback {
  checkCount('bestModel', arguments.length, 1);
  checkOptions('bestModel', options, known);
  const { monitor = 'val_loss', restore = true, save } = options;
  checkMonitor('bestModel', monitor, options.mode);
  if (save !== undefined && typeof save !== 'function')
    throw refusal('bestModel', 'save', save, 'a function of the model, such as one that calls saveModel');

  let sign = 1;
  let best = Number.NEGATIVE_INFINITY;
  let weights: readonly TypedArray[] = [];
  return {
    kind: 'bestModel',
    onTrainBegin({ metrics }) {
      sign = modeOf('bestModel', monitor, options.mode, metrics) === 'min' ? -1 : 1;
      best = Number.NEGATIVE_INFINITY;
      weights = [];
    },
    async onEpochEnd({ epoch, results }, { model, rank }) {
      const value = monitored('bestModel', monitor, results);
      if (!(sign * value > best)) return;
      best = sign * value;
      if (restore) weights = await copyValues(model.parameters());
      if (rank === 0) await save?.(model, { epoch, value });
    },
    async onTrainEnd({ model }, error) {
      if (error === undefined) await restoreValues(model.parameters(), weights);
      weights = [];
    },
    getState: () => ({ best, weights }),
    setState(state) {
      checkState(state, { best });
      ({ best, weights } = state as Remembered);
    },
  };
}
