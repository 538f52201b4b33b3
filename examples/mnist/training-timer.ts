import type { Callback } from 'ndgrad';

/** A callback of `fit` that measures the time of training steps, without validation. */
export interface TrainingTimer extends Callback {
  readonly seconds: number;
  /** Seconds until the validation accuracy first was 0.99; undefined if it never was. */
  readonly secondsTo99: number | undefined;
}

/** Creates a timer. `now` returns milliseconds. */
export function trainingTimer(now: () => number = () => performance.now()): TrainingTimer {
  let total = 0;
  let begin = 0;
  let last = 0;
  let to99: number | undefined;
  return {
    get seconds() {
      return total / 1000;
    },
    get secondsTo99() {
      return to99;
    },
    kind: 'trainingTimer',
    getState: () => ({ total, epoch: last - begin, to99: to99 ?? null }),
    setState(state) {
      total = Number(state.total);
      last = now();
      begin = last - Number(state.epoch);
      to99 = state.to99 === null ? undefined : Number(state.to99);
    },
    onEpochBegin() {
      begin = now();
      last = begin;
    },
    onBatchEnd() {
      last = now();
    },
    onEpochEnd({ results }) {
      total += last - begin;
      if ((results.val_accuracy ?? 0) >= 0.99) to99 ??= total / 1000;
    },
  };
}
