import { checkCount, describe } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import { checkState } from '../../ir/state.ts';
import { now } from '../../util/timers.ts';
import type { Callback } from './callback.ts';

/**
 * Ends training after the batch in which it has taken so many seconds, counted from its beginning; the time before an
 * interruption counts too.
 *
 * @param seconds above 0.
 */
export function timeLimit(seconds: number): Callback {
  checkCount('timeLimit', arguments.length, 1);
  if (!(typeof seconds === 'number' && seconds > 0))
    throw new ValueError(`[timeLimit] got ${describe(seconds)}, wanted a number of seconds above 0.`);
  return timeLimitBy(now, seconds);
}

/** `timeLimit` with a clock of milliseconds, which tests replace. */
export function timeLimitBy(clock: () => number, limit: number): Callback {
  let start = 0;
  let before = 0;
  const taken = (): number => before + (clock() - start) / 1000;
  return {
    kind: 'timeLimit',
    onTrainBegin() {
      start = clock();
      before = 0;
    },
    lazyResults: true,
    onBatchEnd(_, training) {
      if (taken() >= limit) training.stop(`the time limit of ${limit} s is reached`);
    },
    getState: () => ({ seconds: taken() }),
    setState(state) {
      checkState(state, { seconds: 0 });
      before = state.seconds as number;
      start = clock();
    },
  };
}
