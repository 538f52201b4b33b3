import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import { augmentImages } from '../../../src/data/augmentation/augment.ts';
import type { AugmentOptions } from '../../../src/data/augmentation/options.ts';
import { loadWeights } from '../../../src/io/weights/load.ts';
import { saveWeights } from '../../../src/io/weights/save.ts';
import { NdgradError, StateError, ValueError } from '../../../src/ir/errors.ts';
import { Dense, Flatten, type Layer, Sequential } from '../../../src/layers/index.ts';
import { meanSquaredError } from '../../../src/losses/index.ts';
import type { Metric } from '../../../src/metrics/metric.ts';
import { Adam, RMSprop, WeightAverage, type WeightAverageOptions } from '../../../src/optim/index.ts';
import { Generator } from '../../../src/tensor/random.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import {
  type Callback,
  type CheckpointOptions,
  checkpoint,
  earlyStopping,
  type FitOptions,
  fit,
} from '../../../src/train/index.ts';
import { network, samples, valuesOf } from '../support.ts';
import { MemoryStore } from './memory-store.ts';

/** The time in milliseconds for a test that sets it. */
const clock = vi.hoisted(() => ({ now: null as number | null }));
vi.mock('../../../src/util/timers.ts', async (original) => {
  const timers = await original<typeof import('../../../src/util/timers.ts')>();
  return { ...timers, now: () => clock.now ?? timers.now() };
});

const data = samples(50);
const everyEpoch = { every: { epochs: 1 } } as const;

/** A program that trains a new network on 4 batches in each of 3 epochs. */
async function train(options: Partial<FitOptions> = {}, given = network()) {
  const { model, optimizer } = given;
  const history = await fit(model, data, {
    loss: meanSquaredError,
    optimizer,
    epochs: 3,
    batchSize: 16,
    seed: 1,
    progress: false,
    ...options,
  });
  return { values: valuesOf(model), history, model };
}

/** Trains with checkpoints in a store. */
const trainWith = (
  store: MemoryStore,
  options: Partial<FitOptions> = {},
  when: CheckpointOptions = everyEpoch,
) => train({ checkpoint: checkpoint(store, when), ...options });

const names = (store: MemoryStore): number[] =>
  [...store.files.keys()].map((name) => Number(name.slice(11, 17)));
const failAt = (epoch: number): Callback => ({
  onEpochBegin(n) {
    if (n === epoch) throw new Error('interrupted');
  },
});

/** The message of what a training rejects with. */
async function rejection(training: Promise<unknown>): Promise<string> {
  const error: unknown = await training.then(
    () => null,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(NdgradError);
  return (error as Error).message;
}

let warn: MockInstance;
beforeEach(() => {
  warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => {
  clock.now = null;
  vi.restoreAllMocks();
});

describe('which checkpoints there are', () => {
  test('the newest two, or as many as keep says', async () => {
    const store = new MemoryStore();
    await trainWith(store);
    expect([...store.files.keys()]).toEqual([
      'checkpoint-000002.safetensors',
      'checkpoint-000003.safetensors',
    ]);
    const one = new MemoryStore();
    await trainWith(one, {}, { ...everyEpoch, keep: 1 });
    expect(names(one)).toEqual([3]);
  });

  test('after steps, and at the end', async () => {
    const store = new MemoryStore();
    await trainWith(store, {}, { every: { steps: 5 }, keep: 9 });
    expect(names(store)).toEqual([1, 2, 3]);
    const every4 = new MemoryStore();
    await trainWith(every4, {}, { every: { epochs: 2 }, keep: 9 });
    expect(names(every4)).toEqual([1, 2]);
  });

  test('the best one is kept, and its name known', async () => {
    const scores = [5, 2, 3, 4, 2];
    const scoring: Callback = {
      onEpochEnd({ epoch, results }) {
        results.score = scores[epoch]!;
      },
    };
    const when = { every: { epochs: 10 }, keep: 1, monitor: 'score', mode: 'min' } as const;
    const store = new MemoryStore();
    const saving = checkpoint(store, when);
    expect(saving.best).toBeNull();
    await train({ checkpoint: saving, epochs: 5, callbacks: [scoring] });
    expect(names(store)).toEqual([2, 3]);
    expect(saving.best).toBe('checkpoint-000002.safetensors');

    const again = checkpoint(store, when);
    await train({ checkpoint: again, epochs: 5, callbacks: [scoring], resume: 'require' });
    expect(again.best).toBe('checkpoint-000002.safetensors');
    scores.push(2, 1);
    await train({ checkpoint: again, epochs: 7, callbacks: [scoring], resume: 'require' });
    expect(again.best).toBe('checkpoint-000004.safetensors');
    expect(names(store)).toEqual([4]);
  });

  test('without resume, those of earlier training are removed once the first new one is complete', async () => {
    const store = new MemoryStore();
    await trainWith(store, {}, { ...everyEpoch, keep: 3 });
    await expect(trainWith(store, { callbacks: [failAt(0)] })).rejects.toThrow('interrupted');
    expect(names(store)).toEqual([1, 2, 3]);
    await expect(trainWith(store, { callbacks: [failAt(1)] })).rejects.toThrow('interrupted');
    expect(names(store)).toEqual([4]);
  });

  test('other files are left alone', async () => {
    const store = new MemoryStore();
    for (const name of ['notes.txt', 'checkpoint-1.safetensors']) store.files.set(name, Uint8Array.of(1));
    await trainWith(store, { resume: 'auto' });
    expect([...store.files.keys()].slice(0, 2)).toEqual(['notes.txt', 'checkpoint-1.safetensors']);
    expect(warn).not.toHaveBeenCalled();
  });
});

describe('where training goes on', () => {
  test('training that was finished returns its history and its values; epochs may grow', async () => {
    const store = new MemoryStore();
    const stop = () => ({ callbacks: [earlyStopping({ monitor: 'loss', patience: 9 })] });
    const whole = await train({ ...stop(), epochs: 5 });
    const short = await trainWith(store, stop());
    const steps: number[] = [];
    const counter: Callback = { onBatchEnd: ({ step }) => void steps.push(step) };
    const callbacks = [...stop().callbacks, counter];
    const { values, history } = await trainWith(store, { callbacks, resume: 'require' });
    expect([values, history]).toEqual([short.values, short.history]);
    expect(steps).toEqual([]);
    expect(names(store)).toEqual([2, 3]);
    const longer = await trainWith(store, { callbacks, resume: 'require', epochs: 5 });
    expect([longer.values, longer.history]).toEqual([whole.values, whole.history]);
    expect(steps).toHaveLength(8);
  });

  test('training that a callback stopped within an epoch returns its history', async () => {
    const store = new MemoryStore();
    const stopAt = (n: number): Callback => ({
      onBatchEnd({ step }, training) {
        if (step === n) training.stop('enough');
      },
    });
    const { values } = await trainWith(store, { callbacks: [stopAt(6)] });
    const again = await trainWith(store, { callbacks: [stopAt(99)], resume: 'auto', epochs: 9 });
    expect(again.values).toEqual(values);
    expect(again.history.stopped).toBe('enough');
    expect(again.history.epochs).toEqual([0]);
  });

  test('training that was aborted goes on', async () => {
    const whole = await train();
    const store = new MemoryStore();
    const controller = new AbortController();
    const abort: Callback = { onBatchEnd: ({ step }) => void (step === 7 && controller.abort()) };
    const when = { every: { steps: 2 } } as const;
    const aborted = trainWith(store, { callbacks: [abort], signal: controller.signal }, when);
    await expect(aborted).rejects.toThrow('aborted');
    const { values, history } = await trainWith(store, { resume: 'require' }, when);
    expect([values, history]).toEqual([whole.values, whole.history]);
  });

  test('the seed is that of the checkpoint, and elapsed time is added', async () => {
    const store = new MemoryStore();
    const unseeded = { seed: undefined } as unknown as Partial<FitOptions>;
    const whole = await train(unseeded);
    const seconds: number[] = [];
    const reported: [batch: number, seconds: number][] = [];
    const watch: Callback = { onEpochEnd: (logs) => void seconds.push(logs.seconds) };
    const stop: Callback = {
      onBatchEnd({ step }) {
        if (step === 6) throw new Error('interrupted');
      },
    };
    const when = { every: { steps: 1 } } as const;
    clock.now = 0;
    const slow: Callback = {
      onBatchEnd() {
        clock.now! += 1000;
      },
    };
    const callbacks = [slow, stop, watch];
    await expect(trainWith(store, { ...unseeded, callbacks }, when)).rejects.toThrow('interrupted');
    clock.now = 1e6;
    const resumed = await trainWith(
      store,
      {
        ...unseeded,
        callbacks: [slow, { onEpochBegin: () => {} }, watch],
        resume: 'require',
        progress: ({ batch, done, seconds }) => void (done || reported.push([batch, seconds])),
      },
      when,
    );
    expect(resumed.values).toEqual(whole.values);
    expect(seconds).toEqual([4, 4, 4]);
    expect(reported).toEqual([
      ...[2, 3, 4].map((batch) => [batch, batch - 1]),
      ...[1, 2, 3, 4].map((batch) => [batch, batch - 1]),
    ]);
  });
});

describe('damaged files', () => {
  const damages: Record<string, (bytes: Uint8Array) => Uint8Array> = {
    'a torn file': (bytes) => bytes.slice(0, bytes.length - 7),
    'a file torn in its header': (bytes) => bytes.slice(0, 100),
    'an empty file': () => new Uint8Array(0),
    'a changed value': (bytes) => bytes.with(bytes.length - 5, bytes.at(-5)! ^ 1),
    'a changed text': (bytes) => bytes.with(120, bytes[120]! ^ 1),
    zeros: (bytes) => bytes.with(0, 0).fill(0),
  };

  test.each(Object.entries(damages))('%s: the one before is used, with a warning', async (_, damage) => {
    const whole = await train();
    const store = new MemoryStore();
    await expect(trainWith(store, { callbacks: [failAt(2)] })).rejects.toThrow('interrupted');
    const [first, second] = store.files.keys();
    store.files.set(second!, damage(store.files.get(second!)!));
    const { values, history } = await trainWith(store, { resume: 'require' });
    expect([values, history]).toEqual([whole.values, whole.history]);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]![0]).toMatch(`[fit] the checkpoint '${second}' in 'memory' is left out: got `);
    expect([...store.files.keys()]).not.toContain(second);
    expect(first).toBe('checkpoint-000001.safetensors');
  });

  test('every bit of a checkpoint is checked', async () => {
    const store = new MemoryStore();
    await trainWith(store, { epochs: 1 });
    const [[name, bytes]] = [...store.files] as [[string, Uint8Array]];
    for (let i = 0; i < bytes.length; i += 61) {
      warn.mockClear();
      const other = MemoryStore.of([[name, bytes.with(i, bytes[i]! ^ (1 << (i % 8)))]]);
      const message = await rejection(trainWith(other, { epochs: 1, resume: 'require' }));
      expect(message, `byte ${i}`).toMatch('no valid checkpoint');
    }
  });

  test('with auto and none that is valid, training begins at the start', async () => {
    const whole = await train();
    const store = MemoryStore.of([['checkpoint-000007.safetensors', new Uint8Array(9)]]);
    const { values } = await trainWith(store, { resume: 'auto' });
    expect(values).toEqual(whole.values);
    expect(names(store)).toEqual([9, 10]);
  });

  test('with require and none that is valid, an error', async () => {
    expect(await rejection(trainWith(new MemoryStore(), { resume: 'require' }))).toBe(
      "[fit] got resume 'require' and no valid checkpoint in 'memory'. Pass resume: 'auto' to begin at the start.",
    );
  });

  test('weights of another program under the name of a checkpoint are left out', async () => {
    const store = MemoryStore.of([['checkpoint-000001.safetensors', await saveWeights(new Dense(1, 1))]]);
    await trainWith(store, { resume: 'auto' });
    expect(warn).toHaveBeenCalledTimes(1);
  });
});

describe('checkpoints of other training', () => {
  test('all differences are in one error, and nothing has changed', async () => {
    const store = new MemoryStore();
    const average = (model: Layer) => new WeightAverage(model.parameters());
    const first = network();
    await trainWith(store, { average: average(first.model) }).catch(() => {});
    await train({ checkpoint: checkpoint(store, everyEpoch), average: average(first.model) }, first);

    const model = new Dense(3, 1);
    model.freeze();
    model.kernel.trainable = true;
    const optimizer = new RMSprop(model.parameters(), { momentum: 0.9 });
    const before = valuesOf(model);
    const message = await rejection(
      fit(model, samples(40), {
        loss: meanSquaredError,
        optimizer,
        epochs: 2,
        batchSize: 8,
        shuffle: false,
        seed: 2,
        progress: false,
        metrics: [],
        callbacks: [earlyStopping()],
        checkpoint: checkpoint(store, everyEpoch),
        resume: 'auto',
      }),
    );
    for (const part of [
      'batchSize (16, now 8)',
      'shuffle (true, now false)',
      'the optimizer (Adam, now RMSprop)',
      "the optimizer's betas ([0.9, 0.999], now none)",
      "the optimizer's momentum (none, now 0.9)",
      'the samples (float32 [50, 3] ',
      'average (WeightAverage, now none)',
      "Parameter '0.kernel' (float32 [3, 8], trainable, in the optimizer, in the average, now none)",
      "Parameter 'kernel' (none, now float32 [3, 1], trainable, in the optimizer)",
      "layer '' (none, now frozen)",
      'callbacks[0] (none, now earlyStopping)',
      'seed (1, now 2)',
      'epochs (3, now 2)',
    ]) {
      expect(message).toContain(part);
    }
    expect(valuesOf(model)).toEqual(before);
    expect(optimizer.step).toBe(0);
  });

  test('other samples of the same shape', async () => {
    const store = new MemoryStore();
    await trainWith(store);
    const { model, optimizer } = network();
    const other = { x: data.x, y: data.y.add(0.5) };
    const options = { loss: meanSquaredError, optimizer, epochs: 3, batchSize: 16, progress: false };
    const checkpoints = checkpoint(store, everyEpoch);
    const message = await rejection(
      fit(model, other, { ...options, checkpoint: checkpoints, resume: 'auto' }),
    );
    expect(message).toMatch(
      /It differs in the samples \(float32 \[50, 3\] [0-9a-f]{8}, float32 \[50, 1\] [0-9a-f]{8}, now float32 .*\)\. Use/,
    );
  });

  test('other images, and other changes of them', async () => {
    const store = new MemoryStore();
    const images = new Generator(1).uniform([12, 3, 1]);
    const y = images.reshape([12, 3]).sum(1, { keepDims: true });
    const fitImages = (x: Tensor, o: AugmentOptions) => {
      const { model, optimizer } = network();
      const flat = new Sequential([new Flatten(), model]);
      return fit(flat, augmentImages({ x, y }, { batchSize: 4, seed: 1, ...o }), {
        ...{ loss: meanSquaredError, optimizer, progress: false },
        checkpoint: checkpoint(store, everyEpoch),
        resume: 'auto',
      });
    };
    await fitImages(images, { shift: 0.2, workers: 0 });
    await fitImages(images, { shift: 0.2, workers: 1 });
    expect(await rejection(fitImages(images, { shift: 0.1 }))).toMatch(
      /It differs in the samples \(float32 \[12, 3, 1\] .*, \{shift: \[0\.2, 0\.2\], .*, now .*shift: \[0\.1, 0\.1\]/,
    );
    const others = await rejection(fitImages(images.add(1), { shift: 0.2 }));
    expect(others).toMatch(/It differs in the samples/);
    const seeds = await rejection(fitImages(images, { shift: 0.2, seed: 2 }));
    expect(seeds).toMatch(/seed: 1, .*seed: 2/);
  });

  test('a newer version', async () => {
    const store = new MemoryStore();
    await trainWith(store);
    const name = 'checkpoint-000003.safetensors';
    const text = Buffer.from(store.files.get(name)!)
      .toString('latin1')
      .replace('"version":"1"', '"version":"2"');
    const { crc32 } = await import('../../../src/util/crc32.ts');
    const zeroed = Buffer.from(text.replace(/"crc32":"\w{8}"/, '"crc32":"00000000"'), 'latin1');
    const checksum = crc32(zeroed).toString(16).padStart(8, '0');
    const bytes = Buffer.from(zeroed.toString('latin1').replace('"00000000"', `"${checksum}"`), 'latin1');
    store.files.set(name, bytes);
    expect(await rejection(trainWith(store, { resume: 'auto' }))).toBe(
      `[fit] got the checkpoint '${name}' of version 2, wanted at most 1. Update ndgrad.`,
    );
  });
});

describe('writing', () => {
  test('training goes on while a checkpoint is written, one at a time, and fit waits for the last', async () => {
    const store = new MemoryStore();
    const events: string[] = [];
    let active = 0;
    let release = (): void => {};
    const { write } = store;
    store.write = async (name, parts) => {
      expect(++active).toBe(1);
      events.push('begin');
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      await write.call(store, name, parts);
      events.push('end');
      active--;
    };
    let ended = false;
    const watch: Callback = {
      onBatchEnd({ batch }) {
        if (batch === 0) events.push('step');
        if (batch === 3) release();
      },
    };
    const training = trainWith(store, { callbacks: [watch] }).then((result) => {
      ended = true;
      return result;
    });
    await vi.waitFor(() => expect(events.filter((e) => e === 'begin')).toHaveLength(3));
    expect(ended).toBe(false);
    release();
    const { values } = await training;
    expect(values).toEqual((await train()).values);
    expect(events).toEqual(['step', 'begin', 'step', 'end', 'begin', 'step', 'end', 'begin', 'end']);
  });

  test('values are copied when the checkpoint is taken', async () => {
    const store = new MemoryStore();
    const { write } = store;
    let release = (): void => {};
    store.write = async (name, parts) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      await write.call(store, name, parts);
    };
    const kept: number[][] = [];
    const watch: Callback = {
      onEpochEnd: (_logs, { model }) => void kept.push(valuesOf(model as Layer)),
      onBatchEnd({ batch }) {
        if (batch === 3) release();
      },
      onTrainEnd: () => release(),
    };
    const training = trainWith(store, { callbacks: [watch], epochs: 2 }, { ...everyEpoch, keep: 9 });
    await vi.waitFor(() => expect(kept).toHaveLength(2));
    release();
    await vi.waitFor(() => expect(store.files.size).toBe(1));
    release();
    await training;
    const { model } = network();
    for (const [i, bytes] of [...store.files.values()].entries()) {
      await loadWeights(model, bytes);
      expect(valuesOf(model)).toEqual(kept[i]);
    }
  });

  test('a full disk ends training with an error', async () => {
    const store = new MemoryStore();
    const { write } = store;
    store.write = async (name, parts) => {
      if (store.files.size === 0) return write.call(store, name, parts);
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    };
    const ends: unknown[] = [];
    const steps: number[] = [];
    const watch: Callback = {
      onBatchEnd: ({ step }) => void steps.push(step),
      onTrainEnd: (_training, error) => void ends.push(error),
    };
    const error: unknown = await trainWith(store, { callbacks: [watch], epochs: 9 }).catch((e) => e);
    expect(error).toBeInstanceOf(StateError);
    expect((error as Error).message).toBe(
      "[fit] the checkpoint 'checkpoint-000002.safetensors' could not be written to 'memory': ENOSPC: no space left on " +
        "device, write. Make room or give access, and start again with resume: 'auto'.",
    );
    expect(ends).toEqual([error]);
    expect(steps.length).toBeLessThan(36);

    store.write = write;
    const { values } = await trainWith(store, { resume: 'require', epochs: 9 });
    expect(values).toEqual((await train({ epochs: 9 })).values);
  });

  test('the same if the last one can not be written', async () => {
    const store = new MemoryStore();
    store.write = async () => {
      throw new Error('read-only');
    };
    const message = await rejection(trainWith(store, { epochs: 1 }, { every: { epochs: 5 } }));
    expect(message).toContain("could not be written to 'memory': read-only.");
  });

  test('a checkpoint is no file of weights with other names: loadWeights reads it', async () => {
    const store = new MemoryStore();
    const { values } = await trainWith(store);
    const { model } = network();
    const source = await store.read('checkpoint-000003.safetensors');
    expect(await loadWeights(model, source!)).toEqual({ missing: [], unexpected: [] });
    expect(valuesOf(model)).toEqual(values);
  });
});

describe('errors before training', () => {
  const store = new MemoryStore();
  const stateless: Metric = { name: 'mine', update: async () => {}, result: () => 0, reset() {} };
  const batches = function* () {
    yield data;
  };

  test('a metric without state, within epochs only', async () => {
    const metrics = [stateless];
    const calls: string[] = [];
    const callbacks = [{ onTrainBegin: () => void calls.push('begin') }];
    expect(await rejection(trainWith(store, { metrics, callbacks }, { every: { steps: 1 } }))).toBe(
      "[fit] got checkpoints within epochs, and the metric 'mine' has no getState and setState. Write them, or pass every: { epochs: 1 }.",
    );
    expect(calls).toEqual([]);
    await trainWith(new MemoryStore(), { metrics });
  });

  test('an iterator as training or validation data', async () => {
    const { model, optimizer } = network();
    const options = { loss: meanSquaredError, optimizer, progress: false };
    const checkpoints = { checkpoint: checkpoint(store, everyEpoch) };
    for (const training of [
      fit(model, batches(), { ...options, ...checkpoints }),
      fit(model, data, { ...options, ...checkpoints, validationData: batches() }),
    ]) {
      expect(await rejection(training)).toMatch(/^\[fit\] got an iterator with a checkpoint\./);
    }
  });

  test('resume without a checkpoint, and other values', async () => {
    await expect(train({ resume: 'auto' })).rejects.toThrow(ValueError);
    await expect(trainWith(store, { resume: true as never })).rejects.toThrow(
      "[fit] got resume true, wanted 'auto'",
    );
    await expect(train({ checkpoint: store as never })).rejects.toThrow(
      '[fit] got checkpoint an object, wanted checkpoint(store, { every: { epochs: 1 } }).',
    );
  });

  test('a monitor without a mode, or without a result', async () => {
    const mode = trainWith(store, {}, { ...everyEpoch, monitor: 'mine' });
    expect(await rejection(mode)).toMatch("[checkpoint] got monitor 'mine' without a mode");
    const result = trainWith(store, {}, { ...everyEpoch, monitor: 'val_loss' });
    expect(await rejection(result)).toMatch("[checkpoint] there is no result 'val_loss', only loss.");
  });

  test.each([
    [{}],
    [{ every: {} }],
    [{ every: { epochs: 0 } }],
    [{ every: { steps: 1.5 } }],
    [{ every: { epochs: 1, steps: 1 } }],
    [{ every: { batches: 1 } }],
    [{ ...everyEpoch, keep: 0 }],
    [{ ...everyEpoch, monitor: 1 }],
    [{ ...everyEpoch, mode: 'least' }],
    [{ ...everyEpoch, mode: 'min' }],
  ])('options %j', (options) => {
    expect(() => checkpoint(store, options as never)).toThrow(/^\[checkpoint\] got /);
  });

  test.each([
    [{ decay: 0.8 }, { decay: 0.9 }, "the average's decay (0.8, now 0.9)"],
    [{ decay: 0.8 }, { decay: 0.8, warmup: false }, "the average's warmup (true, now false)"],
    [{ decay: 0.8 }, { decay: () => 0.8 }, "the average's decay (0.8, now a function)"],
  ])('settings of the average %j, %j', async (before, now, difference) => {
    const store = new MemoryStore();
    const start = (settings: WeightAverageOptions, resume?: 'auto') => {
      const setup = network();
      const average = new WeightAverage(setup.model.parameters(), settings);
      return train({ checkpoint: checkpoint(store, everyEpoch), average, ...(resume && { resume }) }, setup);
    };
    await start(before);
    expect(await rejection(start(now, 'auto'))).toContain(difference);
  });

  test('settings of Adam that can not be seen in its state', async () => {
    const full = new MemoryStore();
    const make = (epsilon: number) => {
      const { model } = network();
      return { model, optimizer: new Adam(model.parameters(), { epsilon, learningRate: 0.01 }) };
    };
    const saving = () => ({ checkpoint: checkpoint(full, everyEpoch) });
    await train(saving(), make(1e-8) as never);
    expect(await rejection(train({ ...saving(), resume: 'auto' }, make(1e-7) as never))).toContain(
      "differs in the optimizer's epsilon (1e-8, now 1e-7).",
    );
  });
});
