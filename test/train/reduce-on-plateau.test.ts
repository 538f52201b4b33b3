import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { reduceOnPlateau, SGD, StateError, ValueError } from '../../src/index.ts';
import { type Callback, checkpoint, type FitOptions, fit } from '../../src/train/index.ts';
import { MemoryStore } from '../io/memory-store.ts';
import { network, samples, train } from './support.ts';

interface Case {
  readonly options: Parameters<typeof reduceOnPlateau>[0];
  readonly values: number[];
  readonly learningRates: number[];
}

const cases: Case[] = JSON.parse(readFileSync(new URL('./reduce-on-plateau.json', import.meta.url), 'utf8'));

/** Gives epochs the results `score` of a list. */
const scoring = (values: readonly number[]): Callback => ({
  onEpochEnd({ epoch, results }) {
    results.score = values[epoch]!;
  },
});

/** The learning rates after each epoch. */
async function rates({ options, values }: Pick<Case, 'options' | 'values'>, more: Partial<FitOptions> = {}) {
  const { model } = network();
  const optimizer = new SGD(model.parameters(), { learningRate: 1 });
  const found: number[] = [];
  await fit(model, samples(2), {
    loss: (y) => y.mul(0).sum(),
    optimizer,
    epochs: values.length,
    progress: false,
    callbacks: [
      scoring(values),
      reduceOnPlateau({ monitor: 'score', ...options }),
      { onEpochEnd: () => void found.push(optimizer.currentLearningRate) },
    ],
    ...more,
  });
  return found;
}

test.each(cases)('Keras with $options', async (known) => {
  expect(await rates(known)).toEqual(known.learningRates);
});

test('goes on from a checkpoint', async () => {
  const { options, values, learningRates } = cases[1]!;
  const store = new MemoryStore();
  const resumable = { checkpoint: checkpoint(store, { every: { epochs: 1 } }), resume: 'auto' } as const;
  for (const n of [3, 5, 8]) await rates({ options, values: values.slice(0, n) }, resumable);
  expect(await rates({ options, values }, resumable)).toEqual(learningRates.slice(8));
});

test('NaN is no improvement; a metric says which values are better', async () => {
  const options = { patience: 1, factor: 0.5, mode: 'min' } as const;
  expect(await rates({ options, values: [Number.NaN, 3, Number.NaN] })).toEqual([0.5, 0.5, 0.25]);
  await expect(train({ callbacks: [reduceOnPlateau({ monitor: 'mine' })] })).rejects.toThrow(
    "[reduceOnPlateau] got monitor 'mine' without a mode",
  );
  await expect(train({ callbacks: [reduceOnPlateau()] })).rejects.toThrow(
    "[reduceOnPlateau] there is no result 'val_loss', only loss.",
  );
});

test('a schedule is refused', async () => {
  const { model } = network();
  const optimizer = new SGD(model.parameters(), { learningRate: () => 1 });
  const loss = (y: { sum(): unknown }) => y.sum() as never;
  const running = fit(model, samples(2), {
    loss,
    optimizer,
    callbacks: [reduceOnPlateau({ monitor: 'loss' })],
  });
  await expect(running).rejects.toThrow(StateError);
});

test.each<[object, string]>([
  [{ factor: 1 }, 'factor 1'],
  [{ factor: 0 }, 'factor 0'],
  [{ patience: -1 }, 'patience -1'],
  [{ cooldown: 0.5 }, 'cooldown 0.5'],
  [{ minDelta: -1 }, 'minDelta -1'],
  [{ minLearningRate: Number.NaN }, 'minLearningRate NaN'],
  [{ mode: 'least' }, "mode 'least'"],
  [{ min_lr: 0 }, "the unknown option 'min_lr'"],
])('options %j', (options, message) => {
  expect(() => reduceOnPlateau(options as never)).toThrow(ValueError);
  expect(() => reduceOnPlateau(options as never)).toThrow(`[reduceOnPlateau] got ${message}`);
});
