import { expect, test } from 'vitest';
import type { Data, Samples } from '../../src/data.ts';
import { meanSquaredError } from '../../src/losses/index.ts';
import { evaluate, type FitOptions, fit } from '../../src/train/index.ts';
import { network, samples, train, valuesOf } from './support.ts';

function* batches(): Generator<Samples> {
  const { x, y } = samples(50);
  for (let from = 0; from < 50; from += 16)
    yield { x: x.slice([from, from + 16]), y: y.slice([from, from + 16]) };
}

async function* later(): AsyncGenerator<Samples> {
  for (const batch of batches()) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    yield batch;
  }
}

async function learn(data: Data, options: Partial<FitOptions> = {}): Promise<number[]> {
  const { model, optimizer } = network();
  await fit(model, data, { loss: meanSquaredError, optimizer, epochs: 3, seed: 1, ...options });
  return valuesOf(model);
}

test('batches from arrays, iterables, async iterables and functions train alike', async () => {
  // Shuffling moves the random numbers of Dropout, so it is off here.
  const { values } = await train({ shuffle: false, seed: 1 });
  const epochs: number[] = [];
  expect(await learn([...batches()])).toEqual(values);
  expect(await learn(batches)).toEqual(values);
  expect(await learn(later)).toEqual(values);
  expect(await learn({ [Symbol.asyncIterator]: later })).toEqual(values);
  expect(
    await learn((epoch) => {
      epochs.push(epoch);
      return batches();
    }),
  ).toEqual(values);
  expect(epochs).toEqual([0, 1, 2]);
});

test('an iterator does for one epoch', async () => {
  const { values } = await train({ shuffle: false, seed: 1, epochs: 1 });
  expect(await learn(batches(), { epochs: 1 })).toEqual(values);
  expect(await learn(later(), { epochs: 1 })).toEqual(values);
  const message = '[fit] got an iterator, which can be read only once, for 3 epochs. Pass a function';
  await expect(learn(batches())).rejects.toThrow(message);
  await expect(learn(later())).rejects.toThrow(message);
  await expect(learn(samples(5), { validationData: batches() })).rejects.toThrow(message);
});

test('an iterable that is used up says so', async () => {
  const one = batches();
  await expect(learn({ [Symbol.iterator]: () => one })).rejects.toThrow(
    '[fit] the data gave no batches in epoch 2.',
  );
  await expect(learn([])).rejects.toThrow('[fit] the data gave no batches. If');
});

test('batches from a stream of the web platform', async () => {
  const { values } = await train({ shuffle: false, seed: 1 });
  const stream = () =>
    new ReadableStream<Samples>({
      start(controller) {
        for (const batch of batches()) controller.enqueue(batch);
        controller.close();
      },
    });
  expect(await learn(stream)).toEqual(values);
});

test('an iterator is closed when training stops early', async () => {
  let closed = 0;
  function* watched(): Generator<Samples> {
    try {
      yield* batches();
    } finally {
      closed++;
    }
  }
  await learn(watched, { callbacks: [{ onBatchEnd: (_, training) => training.stop('enough') }] });
  expect(closed).toBe(1);
});

test('batches carry sample weights, and may come in any size', async () => {
  const { x, y } = samples(10);
  const { model } = network({ dropout: 0 });
  const weights = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  const cut = (from: number, to: number): Samples => ({
    x: x.slice([from, to]),
    y: y.slice([from, to]),
    sampleWeights: weights.slice(from, to),
  });
  const whole = await evaluate(model, { x, y, sampleWeights: weights }, { loss: meanSquaredError });
  const parts = await evaluate(model, [cut(0, 1), cut(1, 7), cut(7, 10)], { loss: meanSquaredError });
  expect(parts.loss).toBeCloseTo(whole.loss!, 6);
});

test('refuses what is no batch, and options that batches have decided', async () => {
  const { x, y } = samples(4);
  await expect(learn([{ x }] as never)).rejects.toThrow(
    '[fit] batch 0 of the data is an object, wanted { x, y }',
  );
  await expect(learn([{ x, y }, null] as never)).rejects.toThrow('[fit] batch 1 of the data is null');
  await expect(learn([{ x, y: y.slice([1]) }])).rejects.toThrow(
    '[fit] x [4, 3] has 4 samples, y [3, 1] has 3.',
  );
  await expect(learn([{ x: x.slice([4]), y: y.slice([4]) }])).rejects.toThrow(
    'batch 0 of the data contains no samples',
  );
  for (const [name, value] of Object.entries({ batchSize: 8, shuffle: true, validationSplit: 0.1 })) {
    await expect(learn(batches, { [name]: value })).rejects.toThrow(
      `[fit] got ${name} with data that are batches already.`,
    );
  }
  await expect(learn(3 as never)).rejects.toThrow('[fit] got data 3, wanted');
});
