import { expect, test } from 'vitest';
import { meanSquaredError } from '../../src/losses/index.ts';
import { WeightAverage } from '../../src/optim/index.ts';
import {
  type Callback,
  earlyStopping,
  evaluate,
  type FitOptions,
  fit,
  type Model,
} from '../../src/train/index.ts';
import { network, samples, valuesOf } from './support.ts';

const data = samples(50);
const validation = samples(20);

/** A new network with an average, trained by fit. */
function trainee() {
  const { model, optimizer } = network();
  const average = new WeightAverage(model.parameters(), { decay: 0.8 });
  const train = (options: Partial<FitOptions> = {}) =>
    fit(model, data, {
      loss: meanSquaredError,
      optimizer,
      average,
      epochs: 3,
      batchSize: 16,
      validationData: validation,
      seed: 1,
      ...options,
    });
  return { model, optimizer, average, train };
}

const score = async (model: Model): Promise<number> =>
  (await evaluate(model, validation, { loss: meanSquaredError })).loss!;

/** The values that the average holds. */
const held = async (average: WeightAverage): Promise<number[]> =>
  Object.values((await average.getState()).parameters).flatMap(({ slots }) => [...slots.average!]);

test('fit trains as without, validates the averaged weights and ends with them', async () => {
  const plain = network();
  await fit(plain.model, data, {
    loss: meanSquaredError,
    optimizer: plain.optimizer,
    epochs: 3,
    batchSize: 16,
    seed: 1,
  });
  const own: number[] = [];
  const averaged: number[] = [];
  const watch: Callback = {
    async onBatchEnd({ batch }, { model }) {
      expect(average.swapped).toBe(false);
      if (batch === 3) own.push(await score(model));
    },
    async onEpochEnd(_logs, { model }) {
      expect(average.swapped).toBe(true);
      averaged.push(await score(model));
    },
  };
  const { model, average, train } = trainee();
  const { history } = await train({ callbacks: [watch] });
  expect(history.val_loss).toEqual(averaged);
  expect(own).toHaveLength(3);
  expect(history.val_loss).not.toEqual(own);

  expect(average.step).toBe(12);
  expect(average.swapped).toBe(true);
  expect(await score(model)).toBe(averaged[2]);
  await average.swap();
  expect(valuesOf(model)).toEqual(valuesOf(plain.model));
  expect(await score(model)).toBe(own[2]);
});

test('training goes on, and from a state that was saved during an epoch end, to the same bits', async () => {
  const whole = trainee();
  const { history } = await whole.train();

  const halves = trainee();
  await halves.train({ epochs: 1 });
  const second = await halves.train({ initialEpoch: 1 });
  expect(second.history.val_loss).toEqual(history.val_loss!.slice(1));
  expect(valuesOf(halves.model)).toEqual(valuesOf(whole.model));
  expect(await halves.average.getState()).toEqual(await whole.average.getState());

  const interrupted = trainee();
  const resumed = trainee();
  const controller = new AbortController();
  const checkpoint: Callback = {
    async onEpochEnd({ epoch }) {
      if (epoch !== 1) return;
      const [from, to] = [interrupted.model.parameters(), resumed.model.parameters()];
      for (const [i, p] of to.entries()) await p.assign(from[i]!.detach());
      await resumed.optimizer.setState(structuredClone(await interrupted.optimizer.getState()));
      await resumed.average.setState(structuredClone(await interrupted.average.getState()));
      controller.abort();
    },
  };
  await expect(
    interrupted.train({ callbacks: [checkpoint], signal: controller.signal }),
  ).rejects.toMatchObject({ name: 'AbortError' });
  expect(resumed.average.swapped).toBe(true);
  const rest = await resumed.train({ initialEpoch: 2 });
  expect(rest.history.val_loss).toEqual(history.val_loss!.slice(2));
  expect(valuesOf(resumed.model)).toEqual(valuesOf(whole.model));
  expect(await resumed.average.getState()).toEqual(await whole.average.getState());
});

test('early stopping restores the best averaged weights', async () => {
  const seen: { averaged: number[]; own: number[] }[] = [];
  const scripted: Callback = {
    async onEpochEnd({ epoch, results }, { model }) {
      results.val_loss = [3, 1, 2, 2][epoch]!;
      seen.push({ averaged: valuesOf(model), own: await held(average) });
    },
  };
  const { model, average, train } = trainee();
  const { stopped } = await train({ epochs: 9, callbacks: [scripted, earlyStopping({ patience: 2 })] });
  expect(stopped).toBe('val_loss has not improved since epoch 2');
  expect(seen).toHaveLength(4);
  expect(valuesOf(model)).toEqual(seen[1]!.averaged);
  expect(seen[1]!.averaged).not.toEqual(seen[3]!.averaged);
  await average.swap();
  expect(valuesOf(model)).toEqual(seen[3]!.own);
});

test('a training that stops in an epoch ends with the averages too', async () => {
  const { average, train } = trainee();
  await train({ callbacks: [{ onBatchEnd: (_logs, run) => run.stop('enough') }] });
  expect([average.step, average.swapped]).toEqual([1, true]);
});

test('a training that fails leaves the model its own weights', async () => {
  const { model, average, train } = trainee();
  let own: number[] = [];
  const failing: Callback = {
    onBatchEnd: (_logs, { model }) => {
      own = valuesOf(model);
    },
    onEpochEnd() {
      expect(valuesOf(model)).not.toEqual(own);
      throw new RangeError('mine');
    },
  };
  await expect(train({ callbacks: [failing] })).rejects.toThrow('mine');
  expect(average.swapped).toBe(false);
  expect(valuesOf(model)).toEqual(own);
});

test('an average of another model is refused', async () => {
  const { train } = trainee();
  const average = new WeightAverage(network().model.parameters());
  await expect(train({ average })).rejects.toThrow("[fit] got an average without the model's Parameters.");
});
