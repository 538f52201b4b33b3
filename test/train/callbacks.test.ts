import { expect, test } from 'vitest';
import {
  Accuracy,
  BinaryAccuracy,
  ConfusionMatrix,
  F1,
  MeanAbsoluteError,
  MeanSquaredError,
  type Metric,
  Precision,
  Recall,
  TopKAccuracy,
} from '../../src/index.ts';
import { ValueError } from '../../src/ir/errors.ts';
import { meanSquaredError } from '../../src/losses/index.ts';
import { SGD } from '../../src/optim/index.ts';
import {
  type BatchLogs,
  type Callback,
  earlyStopping,
  fit,
  learningRateLogger,
  timeLimit,
} from '../../src/train/index.ts';
import { terminalProgress } from '../../src/train/progress.ts';
import { network, samples, train, valuesOf } from './support.ts';

test('callbacks are called in order and waited for', async () => {
  const calls: string[] = [];
  const slow = async (text: string): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    calls.push(text);
  };
  const spy: Callback = {
    onTrainBegin: ({ epochs }) => slow(`begin ${epochs}`),
    onEpochBegin: (epoch) => slow(`epoch ${epoch}`),
    onBatchEnd: ({ epoch, batch, batches, step, learningRate }) =>
      slow(`batch ${epoch}.${batch} of ${batches}, step ${step}, rate ${learningRate}`),
    onEpochEnd: ({ epoch, results, seconds }) => {
      expect(seconds).toBeGreaterThan(0);
      return slow(`epoch ${epoch} over: ${Object.keys(results)}`);
    },
    onTrainEnd: ({ history }, error) => slow(`end ${history.epochs} ${error}`),
  };
  await train({
    epochs: 2,
    batchSize: 25,
    callbacks: [spy],
    metrics: [new MeanAbsoluteError()],
    validationSplit: 0.1,
  });
  expect(calls).toEqual([
    'begin 2',
    'epoch 0',
    'batch 0.0 of 2, step 1, rate 0.01',
    'batch 0.1 of 2, step 2, rate 0.01',
    'epoch 0 over: loss,meanAbsoluteError,val_loss,val_meanAbsoluteError',
    'epoch 1',
    'batch 1.0 of 2, step 3, rate 0.01',
    'batch 1.1 of 2, step 4, rate 0.01',
    'epoch 1 over: loss,meanAbsoluteError,val_loss,val_meanAbsoluteError',
    'end 0,1 undefined',
  ]);
});

test('results of a batch are those of the epoch so far', async () => {
  const last: Record<string, number>[] = [];
  const { history } = await train({
    epochs: 2,
    metrics: [new MeanAbsoluteError()],
    callbacks: [
      {
        onBatchEnd: ({ batch, batches, results }) =>
          void (batch + 1 === batches && last.push({ ...results })),
      },
    ],
  });
  expect(last.map(({ loss }) => loss)).toEqual(history.history.loss);
  expect(last.map(({ meanAbsoluteError }) => meanAbsoluteError)).toEqual(history.history.meanAbsoluteError);
});

test('results of a batch are computed once, and only if a callback may need them', async () => {
  let computed = 0;
  class Counting extends MeanAbsoluteError {
    override result(): number {
      computed++;
      return super.result();
    }
  }
  const run = async (...callbacks: Callback[]): Promise<number> => {
    computed = 0;
    // It writes nothing during an epoch.
    const silent = terminalProgress({ write: () => {} }, () => 0);
    await train({ epochs: 1, metrics: [new Counting()], callbacks: [...callbacks, silent] });
    return computed;
  };
  const reader: Callback = { onBatchEnd: () => {} };
  expect(await run(learningRateLogger(), timeLimit(1e6))).toBe(1);
  expect(await run(reader, reader)).toBe(5);
});

test('results of a batch that a callback keeps are those of that batch', async () => {
  const all: BatchLogs[] = [];
  const read: object[] = [];
  const callbacks: Callback[] = [
    { onBatchEnd: (logs) => void all.push(logs) },
    { onBatchEnd: ({ results }) => void read.push({ ...results }) },
  ];
  await train({ epochs: 1, metrics: [new MeanAbsoluteError()], callbacks: callbacks.slice(0, 1) });
  const kept = all.splice(0).map(({ results }) => results);
  await train({ epochs: 1, metrics: [new MeanAbsoluteError()], callbacks });
  expect(new Set(read.map((results) => JSON.stringify(results))).size).toBe(4);
  expect(kept).toEqual(read);
  expect(all.map(({ results }) => results)).toEqual(read);
});

test('a callback stops training: after a batch without that epoch, after an epoch with it', async () => {
  const early = await train({
    callbacks: [
      { onBatchEnd: ({ epoch, batch }, run) => void (epoch === 1 && batch === 0 && run.stop('enough')) },
    ],
  });
  expect(early.history.epochs).toEqual([0]);
  expect(early.history.stopped).toBe('enough');
  const late = await train({
    callbacks: [{ onEpochEnd: ({ epoch }, run) => void (epoch === 1 && run.stop('done')) }],
  });
  expect(late.history.epochs).toEqual([0, 1]);
  expect(late.history.history.loss).toHaveLength(2);
  expect(late.history.stopped).toBe('done');
});

test('what a callback throws ends training, and the others hear of it', async () => {
  const heard: unknown[] = [];
  const failing: Callback = {
    onEpochEnd() {
      throw new RangeError('mine');
    },
  };
  const training = train({ callbacks: [failing, { onTrainEnd: (_, error) => void heard.push(error) }] });
  await expect(training).rejects.toThrow('mine');
  expect(heard).toEqual([expect.any(RangeError)]);
});

test('learningRateLogger puts the rate into the history', async () => {
  const { model } = network();
  const optimizer = new SGD(model.parameters(), { learningRate: (step) => 0.1 / (step + 1) });
  const { history } = await fit(model, samples(20), {
    loss: meanSquaredError,
    optimizer,
    epochs: 3,
    batchSize: 10,
    callbacks: [learningRateLogger()],
  });
  expect(history.learningRate).toEqual([0.1 / 2, 0.1 / 4, 0.1 / 6]);
});

/** Makes `val_loss` what the test says. */
const scripted = (values: readonly number[]): Callback => ({
  onEpochEnd({ epoch, results }) {
    results.val_loss = values[epoch]!;
  },
});

test('earlyStopping waits for `patience` epochs and restores the best values', async () => {
  const values: number[][] = [];
  const run = async (losses: number[], options: Parameters<typeof earlyStopping>[0]) => {
    values.length = 0;
    return train({
      epochs: losses.length,
      callbacks: [
        scripted(losses),
        { onEpochEnd: (_, { model }) => void values.push(valuesOf(model)) },
        earlyStopping(options),
      ],
    });
  };
  const losses = [5, 4, 4.5, 4.2, 4.1, 1];
  const a = await run(losses, { patience: 3 });
  expect(a.history.epochs).toEqual([0, 1, 2, 3, 4]);
  expect(a.history.stopped).toBe('val_loss has not improved since epoch 2');
  expect(a.values).toEqual(values[1]);

  const kept = await run(losses, { patience: 3, restoreBestWeights: false });
  expect(kept.values).toEqual(values[4]);

  const patient = await run(losses, { patience: 4 });
  expect(patient.history.stopped).toBeUndefined();
  expect(patient.values).toEqual(values[5]);

  const none = await run(losses, {});
  expect(none.history.epochs).toEqual([0, 1, 2]);

  const coarse = await run([5, 4.9, 4.8], { patience: 2, minDelta: 0.5 });
  expect(coarse.history.stopped).toBe('val_loss has not improved since epoch 1');
  expect(coarse.values).toEqual(values[0]);

  const late = await run([1, 9, 5, 4, 6, 7], { patience: 2, startFromEpoch: 2 });
  expect(late.history.stopped).toBe('val_loss has not improved since epoch 4');
  expect(late.values).toEqual(values[3]);

  const upward = await run([1, 2, 0, 0], { patience: 1, mode: 'max' });
  expect(upward.history.epochs).toEqual([0, 1, 2]);
  expect(upward.values).toEqual(values[1]);

  // The best epoch counts also where training comes to its regular end.
  const ended = await run([3, 1, 2], { patience: 5 });
  expect(ended.values).toEqual(values[1]);

  const broken = await run([Number.NaN, Number.NaN, 1], { patience: 2 });
  expect(broken.history.stopped).toBe('val_loss was never a number');
  expect(broken.values).toEqual(values[1]);
});

test('earlyStopping starts anew with each training', async () => {
  const stopper = earlyStopping({ monitor: 'loss', patience: 2 });
  const one = await train({ callbacks: [stopper] });
  const two = await train({ callbacks: [stopper] });
  expect(two.history).toEqual(one.history);
});

test('earlyStopping restores nothing where training is aborted', async () => {
  const controller = new AbortController();
  const { model, optimizer } = network();
  let values: number[] = [];
  const abort: Callback = {
    onEpochEnd({ epoch }) {
      if (epoch !== 1) return;
      values = valuesOf(model);
      controller.abort();
    },
  };
  const training = fit(model, samples(20), {
    loss: meanSquaredError,
    optimizer,
    epochs: 4,
    signal: controller.signal,
    callbacks: [scripted([1, 2]), earlyStopping({ patience: 5 }), abort],
  });
  await expect(training).rejects.toMatchObject({ name: 'AbortError' });
  expect(valuesOf(model)).toEqual(values);
});

test('earlyStopping says which results there are', async () => {
  await expect(train({ callbacks: [earlyStopping()] })).rejects.toThrow(
    "[earlyStopping] there is no result 'val_loss', only loss.",
  );
  expect(() => earlyStopping({ patience: -1 })).toThrow('[earlyStopping] got patience -1');
  expect(() => earlyStopping({ startFromEpoch: 0.5 })).toThrow('[earlyStopping] got startFromEpoch 0.5');
  expect(() => earlyStopping({ minDelta: Number.NaN })).toThrow('[earlyStopping] got minDelta NaN');
  expect(() => earlyStopping({ mode: 'auto' as never })).toThrow("[earlyStopping] got mode 'auto'");
});

/** A metric with given results, one for each evaluation. */
const scriptedMetric = (name: string, values: readonly number[], direction?: 'min' | 'max'): Metric => {
  let at = -1;
  return {
    name,
    ...(direction && { direction }),
    update: async () => {},
    result: () => values[Math.max(0, Math.min(at, values.length - 1))]!,
    reset: () => void at++,
  };
};

const epochsOf = async (options: Parameters<typeof earlyStopping>[0], metrics: Metric[]): Promise<number> =>
  (await train({ epochs: 4, metrics, callbacks: [earlyStopping({ patience: 1, ...options })] })).history
    .epochs.length;

test('earlyStopping asks the metric whether small or large values are better', async () => {
  const falling = [4, 3, 2, 1];
  expect(await epochsOf({ monitor: 'mae' }, [scriptedMetric('mae', falling, 'min')])).toBe(4);
  expect(await epochsOf({ monitor: 'mae' }, [scriptedMetric('mae', falling, 'max')])).toBe(2);
  expect(await epochsOf({ monitor: 'mae', mode: 'max' }, [scriptedMetric('mae', falling, 'min')])).toBe(2);
  expect(await epochsOf({ monitor: 'score', mode: 'min' }, [scriptedMetric('score', falling)])).toBe(4);
  // A name that used to be taken for an error.
  expect(await epochsOf({ monitor: 'noError' }, [scriptedMetric('noError', [1, 2, 3, 4], 'max')])).toBe(4);
  expect(await epochsOf({ monitor: 'loss' }, [])).toBeGreaterThan(1);
});

test('earlyStopping of a validation metric under another name goes on while it improves', async () => {
  const watch: number[] = [];
  const { history } = await train({
    epochs: 5,
    metrics: [new MeanAbsoluteError({ name: 'mae' })],
    validationSplit: 0.2,
    callbacks: [
      {
        onEpochEnd({ epoch, results }) {
          results.val_mae = [5, 4, 3, 2, 3][epoch]!;
          watch.push(results.val_mae);
        },
      },
      earlyStopping({ monitor: 'val_mae', patience: 1 }),
    ],
  });
  expect(watch).toEqual([5, 4, 3, 2, 3]);
  expect(history.stopped).toBe('val_mae has not improved since epoch 4');
});

test('a monitored name that no metric explains requires a mode, before the first step', async () => {
  const steps: number[] = [];
  const count: Callback = { onBatchEnd: ({ step }) => void steps.push(step) };
  for (const monitor of ['val_acc', 'learningRate', 'score', 'val_score']) {
    const training = train({
      metrics: [new MeanAbsoluteError(), scriptedMetric('score', [1])],
      callbacks: [count, earlyStopping({ monitor })],
    });
    await expect(training).rejects.toThrow(ValueError);
    await expect(training).rejects.toThrow(
      `[earlyStopping] got monitor '${monitor}' without a mode, and no metric says whether small or large values of it are better. ` +
        "Pass mode: 'min' or mode: 'max', or monitor one of loss, meanAbsoluteError, score (of validation with the prefix val_).",
    );
  }
  expect(steps).toEqual([]);
});

test('every metric of the library knows its direction', () => {
  const numClasses = 2;
  const directions = [
    new Accuracy(),
    new BinaryAccuracy(),
    new TopKAccuracy({ k: 1 }),
    new ConfusionMatrix({ numClasses }),
    new Precision({ numClasses }),
    new Recall({ numClasses }),
    new F1({ numClasses }),
    new MeanAbsoluteError(),
    new MeanSquaredError(),
  ].map(({ direction }) => direction);
  expect(directions).toEqual(['max', 'max', 'max', 'max', 'max', 'max', 'max', 'min', 'min']);
});
