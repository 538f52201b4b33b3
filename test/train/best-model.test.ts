import { expect, test } from 'vitest';
import { bestModel, type Callback, loadWeights, saveWeights, ValueError } from '../../src/index.ts';
import type { Layer } from '../../src/layers/index.ts';
import { timeLimitBy } from '../../src/train/callbacks/time-limit.ts';
import { checkpoint } from '../../src/train/checkpoint/checkpoint.ts';
import { MemoryStore } from '../io/memory-store.ts';
import { network, train, valuesOf } from './support.ts';

/** Results by epoch, and the values of the model after each. */
function scoring(scores: readonly number[]) {
  const values: number[][] = [];
  const callback: Callback = {
    onEpochEnd({ epoch, results }, { model }) {
      results.score = scores[epoch]!;
      values[epoch] = valuesOf(model);
    },
  };
  return { callback, values };
}

const scores = [1, Number.NaN, 4, 4, 2];

test('the values of the best epoch are restored at the end', async () => {
  for (const [mode, best] of [
    ['max', 2],
    ['min', 0],
  ] as const) {
    const { callback, values } = scoring(scores);
    const { values: end } = await train({
      epochs: 5,
      callbacks: [callback, bestModel({ monitor: 'score', mode })],
    });
    expect(end).toEqual(values[best]);
    expect(end).not.toEqual(values[4]);
  }
  const { callback, values } = scoring(scores);
  const kept = bestModel({ monitor: 'score', mode: 'max', restore: false });
  expect((await train({ epochs: 5, callbacks: [callback, kept] })).values).toEqual(values[4]);
});

test('each new best model is saved', async () => {
  const store = new MemoryStore();
  const saved: number[] = [];
  const { callback, values } = scoring(scores);
  const save: Parameters<typeof bestModel>[0] = {
    monitor: 'score',
    mode: 'max',
    save: async (model, { epoch, value }) => {
      saved.push(epoch, value);
      await store.write('best.safetensors', [await saveWeights(model as Layer)]);
    },
  };
  await train({ epochs: 5, callbacks: [callback, bestModel(save)] });
  expect(saved).toEqual([0, 1, 2, 4]);
  const { model } = network();
  await loadWeights(model, (await store.read('best.safetensors'))!);
  expect(valuesOf(model)).toEqual(values[2]);
});

test('goes on from a checkpoint; an error restores nothing', async () => {
  const { callback, values } = scoring(scores);
  const store = new MemoryStore();
  const options = (more: Callback[] = []) => ({
    epochs: 5,
    callbacks: [callback, bestModel({ monitor: 'score', mode: 'max' }), ...more],
    checkpoint: checkpoint(store, { every: { epochs: 1 } }),
    resume: 'auto' as const,
  });
  const failing: Callback = {
    onEpochBegin(epoch) {
      if (epoch === 4) throw new Error('interrupted');
    },
    onTrainEnd({ model }) {
      expect(valuesOf(model)).toEqual(values[3]);
    },
  };
  await expect(train(options([failing]))).rejects.toThrow('interrupted');
  expect((await train(options())).values).toEqual(values[2]);
});

test('what does not fit', async () => {
  expect(() => bestModel({ save: 'best' } as never)).toThrow(ValueError);
  expect(() => bestModel({ save: 'best' } as never)).toThrow(
    "[bestModel] got save 'best', wanted a function",
  );
  await expect(train({ callbacks: [bestModel()] })).rejects.toThrow(
    "[bestModel] there is no result 'val_loss'",
  );
});

test('the time limit ends training after the batch, with the time before an interruption', async () => {
  // A clock on which each look takes a second.
  let time = 0;
  const clock = (): number => {
    time += 1000;
    return time;
  };
  const { history } = await train({ callbacks: [timeLimitBy(clock, 2)] });
  expect(history.stopped).toBe('the time limit of 2 s is reached');
  expect(history.epochs).toEqual([]);
  expect((await train({ callbacks: [timeLimitBy(clock, 1000)] })).history.stopped).toBeUndefined();

  const limit = timeLimitBy(clock, 10);
  await limit.setState!({ seconds: 9 });
  const stops: string[] = [];
  await limit.onBatchEnd!({} as never, { stop: (reason: string) => stops.push(reason) } as never);
  expect(stops).toHaveLength(1);
  expect(await limit.getState!()).toEqual({ seconds: 11 });
});
