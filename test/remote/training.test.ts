import { afterEach, describe, expect, it } from 'vitest';
import {
  type Callback,
  earlyStopping,
  fit,
  loadWeights,
  MeanAbsoluteError,
  meanSquaredError,
  NdgradError,
  NonFiniteError,
  ShapeError,
  StateError,
  stopOnNaN,
  ValueError,
  zeros,
} from '../../src/index.ts';
import type { RemoteTraining, TrainInWorkerOptions } from '../../src/remote/remote-training.ts';
import type { SetUpTraining, TrainingSetup } from '../../src/remote/serve.ts';
import { yieldToEventLoop } from '../../src/util/event-loop.ts';
import { network, samples, valuesOf } from '../train/support.ts';
import { type Pair, pair } from './pair.ts';

const pairs: Pair[] = [];
afterEach(() => {
  for (const { port } of pairs.splice(0)) port.close();
});

function start(setup: SetUpTraining, options?: TrainInWorkerOptions): RemoteTraining & { pair: Pair } {
  const one = pair(setup);
  pairs.push(one);
  return Object.assign(one.train(options), { pair: one });
}

/** Four batches in each of three epochs. */
const setup = (options: Partial<TrainingSetup['options']> = {}): TrainingSetup => {
  const { model, optimizer } = network();
  return {
    model,
    data: samples(50),
    options: {
      loss: meanSquaredError,
      optimizer,
      metrics: [new MeanAbsoluteError()],
      epochs: 3,
      batchSize: 16,
      validationSplit: 0.2,
      ...options,
    },
  };
};

/** A callback that writes down what it is called with, without durations. */
function recorder(): { callback: Callback; calls: unknown[] } {
  const calls: unknown[] = [];
  const callback: Callback = {
    onTrainBegin: ({ epochs }) => void calls.push(['begin', epochs]),
    onEpochBegin: (epoch) => void calls.push(['epoch', epoch]),
    onBatchEnd: ({ seconds: _, ...logs }, { history }) =>
      void calls.push(['batch', logs, [...history.epochs]]),
    onEpochEnd: ({ epoch, results }) => void calls.push(['end of epoch', epoch, { ...results }]),
    onNaN: (problem) => void calls.push(['NaN', problem]),
    onTrainEnd: ({ history }, error) => void calls.push(['end', structuredClone({ ...history }), error]),
  };
  return { callback, calls };
}

const newWeights = async (training: RemoteTraining): Promise<number[]> => {
  const { model } = network();
  await loadWeights(model, await training.weights());
  return valuesOf(model);
};

describe('a training in a worker', () => {
  it('gives the bits, the history and the events of fit', async () => {
    const here = recorder();
    const { model, data, options } = setup({ callbacks: [here.callback] });
    const expected = await fit(model, data, options);

    const there = recorder();
    const training = start(() => setup(), { callbacks: [there.callback] });
    const history = await training.result;
    expect(history).toEqual(expected);
    expect(there.calls).toEqual(here.calls);
    expect(await newWeights(training)).toEqual(valuesOf(model));
  });

  it('gives callbacks of the page the values of the Parameters after each epoch, for charts', async () => {
    const given = setup();
    const sent: unknown[] = [];
    const kept: unknown[] = [];
    const keep: Callback = {
      onEpochEnd: (_, { model }) =>
        void kept.push(
          model.parameters().map((p) => ({ name: p.name, shape: p.shape, values: p.dataSync().slice() })),
        ),
    };
    const served = { ...given, options: { ...given.options, callbacks: [keep] } };
    await start(() => served, {
      callbacks: [{ onEpochEnd: async (_, training) => void sent.push(await training.values!()) }],
    }).result;
    expect(sent).toHaveLength(3);
    expect(sent).toEqual(kept);
  });

  it('passes the message on', async () => {
    const got: unknown[] = [];
    const training = start(
      async (message) => {
        got.push(message);
        return setup({ epochs: 1 });
      },
      { message: { rates: Float32Array.of(1, 2) } },
    );
    await training.result;
    expect(got).toEqual([{ rates: Float32Array.of(1, 2) }]);
  });

  it('waits for the callbacks: results that they add are in the history, and a stop takes effect at once', async () => {
    const training = start(() => setup({ epochs: 9 }), {
      callbacks: [
        {
          async onEpochEnd(logs, { stop, history }) {
            await yieldToEventLoop();
            logs.results.seconds = 7;
            expect(history.epochs).toHaveLength(logs.epoch);
            expect(stop).toBeTypeOf('function');
          },
        },
        {
          onEpochEnd({ epoch, results }, training) {
            expect(results.seconds).toBe(7);
            if (epoch === 1) training.stop('enough');
          },
        },
      ],
    });
    const { epochs, history, stopped } = await training.result;
    expect(epochs).toEqual([0, 1]);
    expect(history.seconds).toEqual([7, 7]);
    expect(stopped).toBe('enough');
  });

  it('is at most 32 batches ahead of onBatchEnd', async () => {
    let trained = 0;
    let handled = 0;
    const ahead: number[] = [];
    const counting: Callback = { onBatchEnd: () => void trained++ };
    const training = start(() => setup({ callbacks: [counting], epochs: 20 }), {
      callbacks: [
        {
          async onBatchEnd() {
            // Longer than a batch takes.
            for (let i = 0; i < 8; i++) await yieldToEventLoop();
            ahead.push(trained - ++handled);
          },
        },
      ],
    });
    await training.result;
    expect(handled).toBe(60);
    expect(Math.max(...ahead)).toBeLessThanOrEqual(32);
  });

  it('pauses, steps and goes on', async () => {
    let batches = 0;
    const training = start(() => setup({ callbacks: [{ onBatchEnd: () => void batches++ }], epochs: 4 }));
    await training.pause();
    expect(batches).toBe(0);
    await training.step();
    expect(batches).toBe(1);
    await training.step(5);
    expect(batches).toBe(6);
    const paused = await newWeights(training);
    await training.pause();
    for (let i = 0; i < 50; i++) await yieldToEventLoop();
    expect(batches).toBe(6);
    expect(await newWeights(training)).toEqual(paused);
    await training.resume();
    await training.result;
    expect(batches).toBe(12);
    expect(await newWeights(training)).not.toEqual(paused);
    // Nothing is left to hold.
    await training.pause();
    await training.step();
  });

  it('takes another learning rate', async () => {
    const rates: number[] = [];
    const training = start(() => setup({ epochs: 1 }), {
      callbacks: [{ onBatchEnd: ({ learningRate }) => void rates.push(learningRate) }],
    });
    void training.pause();
    await training.step();
    await training.setLearningRate(0.5);
    await training.resume();
    await training.result;
    expect(rates).toEqual([0.01, 0.5, 0.5]);
  });

  it('can be stopped before it begins, and while it is paused', async () => {
    const early = start(() => setup());
    await early.stop();
    expect(await early.result).toMatchObject({ epochs: [], stopped: 'stop was called' });
    const paused = start(() => setup());
    void paused.pause();
    await paused.step(4);
    await paused.stop('seen enough');
    expect(await paused.result).toMatchObject({ epochs: [0], stopped: 'seen enough' });
  });

  it('may be followed by another one of the same worker', async () => {
    const first = start((message) => setup({ epochs: message as number }), { message: 1 });
    const busy = first.pair.train({ message: 1 });
    await expect(busy.result).rejects.toThrow(
      new StateError(
        '[trainInWorker] got a worker that is training, wanted an idle one. Await the result of its training, or start another worker.',
      ),
    );
    await first.result;
    const second = first.pair.train({ message: 2 });
    expect((await second.result).epochs).toEqual([0, 1]);
    await expect(first.weights()).rejects.toThrow(
      'got a command for a training that another one has followed',
    );
    expect(await newWeights(second)).toHaveLength(41);
  });

  it('may follow one that was aborted', async () => {
    const controller = new AbortController();
    const first = start((message) => setup({ epochs: message as number }), {
      message: 1000,
      signal: controller.signal,
    });
    await first.pause();
    controller.abort(new Error('no time'));
    await expect(first.result).rejects.toThrow(new Error('no time'));
    await first.weights();
    expect((await first.pair.train({ message: 2 }).result).epochs).toEqual([0, 1]);
  });
});

/** A training that fails at its third batch. */
const failing = (error: () => void, options: Partial<TrainingSetup['options']> = {}): TrainingSetup => {
  let calls = 0;
  return setup({
    loss: (p, y) => {
      if (++calls === 3) error();
      return meanSquaredError(p, y);
    },
    ...options,
  });
};

const infinite = (options: Partial<TrainingSetup['options']> = {}): TrainingSetup =>
  setup({ loss: (p, y) => meanSquaredError(p, y).log().log(), ...options });

describe('errors of a training in a worker', () => {
  const errorOf = (training: Promise<unknown>): Promise<Error> =>
    training.then(
      () => new Error('none'),
      (error: Error) => error,
    );

  it.each<[string, SetUpTraining, new (...args: never[]) => Error, RegExp]>([
    [
      'setup throws',
      () => {
        throw new TypeError('no data');
      },
      NdgradError,
      /^\[trainInWorker\] got an error in the worker: TypeError: no data$/,
    ],
    [
      'setup rejects with no error',
      () => Promise.reject('why'),
      NdgradError,
      /got an error in the worker: why$/,
    ],
    [
      'setup returns nothing',
      () => undefined as never,
      ValueError,
      /^\[serveTraining\] got from setup undefined, wanted \{ model, data, options \}/,
    ],
    [
      'the model is no layer',
      () => ({ ...setup(), model: {} as never }),
      ValueError,
      /^\[serveTraining\] .*model is an object/,
    ],
    [
      'there is no optimizer',
      () => setup({ optimizer: 3 as never }),
      ValueError,
      /^\[serveTraining\] got from setup the optimizer 3, wanted one/,
    ],
    [
      'the data do not fit',
      () => ({ ...setup(), data: { x: zeros([4, 2]), y: zeros([4, 1]) } }),
      ShapeError,
      /^\[/,
    ],
    [
      'callbacks are no list',
      () => setup({ callbacks: 3 as never }),
      ValueError,
      /^\[fit\] got callbacks 3, wanted an array/,
    ],
    [
      'the loss throws',
      () =>
        failing(() => {
          throw new Error('third batch');
        }),
      NdgradError,
      /got an error in the worker: Error: third batch$/,
    ],
    ['the loss is NaN', () => infinite(), NonFiniteError, /^\[fit\] epoch 1 of 3, step 1: /],
  ])('%s', async (_what, setUp, kind, message) => {
    const { callback, calls } = recorder();
    const error = await errorOf(start(setUp, { callbacks: [callback] }).result);
    expect(error).toBeInstanceOf(kind);
    expect(error.constructor).toBe(kind);
    expect(error.message).toMatch(message);
    // As with `fit`, the end is told if training has begun.
    if (calls.length > 0) expect(calls.at(-1)).toEqual(['end', expect.anything(), error]);
  });

  it('the loss is NaN, which a callback of the page accepts', async () => {
    const { callback, calls } = recorder();
    const training = start(() => infinite(), { callbacks: [callback, stopOnNaN()] });
    expect((await training.result).stopped).toMatch(/^\[fit\] epoch 1 of 3, step 1/);
    expect(calls).toContainEqual(['NaN', expect.objectContaining({ epoch: 0, batch: 0, step: 0 })]);
  });

  it('a callback of the page throws', async () => {
    const { callback, calls } = recorder();
    const wrong = new Error('chart');
    const training = start(() => setup(), {
      callbacks: [
        callback,
        {
          onBatchEnd: ({ batch }) => {
            if (batch === 1) throw wrong;
          },
        },
      ],
    });
    expect(await errorOf(training.result)).toBe(wrong);
    expect(calls.slice(-2)).toEqual([
      ['batch', expect.objectContaining({ batch: 1 }), []],
      ['end', expect.anything(), wrong],
    ]);
    // The worker has stopped, too.
    await training.pause();
    expect((await training.pair.train().result).epochs).toHaveLength(3);
  });

  it('a callback of the page needs the metrics', async () => {
    const training = start(() => setup(), { callbacks: [earlyStopping()] });
    const error = await errorOf(training.result);
    expect(error).toBeInstanceOf(StateError);
    expect(error.message).toBe(
      '[trainInWorker] got a callback that uses the metrics, which is in the worker. Let setup return this callback in the options of fit.',
    );
  });

  it('the signal is aborted, before and while it trains', async () => {
    const reason = new Error('later');
    const early = start(() => setup(), { signal: AbortSignal.abort(reason) });
    expect(await errorOf(early.result)).toBe(reason);
    expect(await errorOf(early.weights())).toBe(reason);

    const controller = new AbortController();
    const { callback, calls } = recorder();
    const training = start(() => setup(), {
      signal: controller.signal,
      callbacks: [callback, { onEpochBegin: () => controller.abort(reason) }],
    });
    expect(await errorOf(training.result)).toBe(reason);
    expect(calls).toEqual([
      ['begin', 3],
      ['epoch', 0],
      ['end', { epochs: [], history: {} }, reason],
    ]);

    const slow = new AbortController();
    const loading = start(() => new Promise(() => {}), { signal: slow.signal });
    slow.abort(reason);
    expect(await errorOf(loading.result)).toBe(reason);
  });

  it("the worker's own signal is aborted", async () => {
    const controller = new AbortController();
    const training = start(() => setup({ signal: controller.signal, epochs: 1000 }), {
      callbacks: [{ onEpochEnd: () => controller.abort(new Error('in the worker')) }],
    });
    expect((await errorOf(training.result)).message).toBe(
      '[trainInWorker] got an error in the worker: Error: in the worker',
    );
  });

  it('the message can not be copied', async () => {
    const training = start(() => setup(), { message: () => 3 });
    const error = await errorOf(training.result);
    expect(error).toBeInstanceOf(ValueError);
    expect(error.message).toMatch(
      /^\[trainInWorker\] got a message that can't be copied \(.*\), wanted plain data/,
    );
    expect(await errorOf(training.pause())).toBe(error);
  });

  it.each<[string, unknown, string]>([
    ['text', 'hello', "got 'hello' from the worker"],
    ['nothing', null, 'got null from the worker'],
    ['an object', { kind: 'ready' }, 'got an object from the worker'],
    ['half of a message', { ndgradTraining: 1, run: 'x' }, 'got an object from the worker'],
    [
      'an unknown kind',
      { ndgradTraining: 1, run: 1, content: { kind: 'x' } },
      'got an object from the worker',
    ],
    ['another version', { ndgradTraining: 2 }, 'got a message of another version of ndgrad'],
  ])('the worker sends %s', async (_what, junk, message) => {
    const training = start(() => setup({ epochs: 1e6 }), {
      callbacks: [{ onEpochEnd: ({ epoch }) => void (epoch === 1 && training.pair.port.postMessage(junk)) }],
    });
    const error = await errorOf(training.result);
    expect(error).toBeInstanceOf(StateError);
    expect(error.message).toBe(
      `[trainInWorker] ${message}, wanted messages of serveTraining. Send your own through a MessageChannel, and use one version of ndgrad on both sides.`,
    );
    expect(await errorOf(training.weights())).toBe(error);
  });

  it('the worker ignores what others send', async () => {
    const training = start(() => setup());
    const { port } = training.pair;
    for (const junk of [3, null, { ndgradTraining: 9, run: 1 }, 'x']) port.emit('message', junk);
    expect((await training.result).epochs).toHaveLength(3);
  });

  it('the worker ends, and with it everything that waits', async () => {
    const training = start(() => setup({ epochs: 1e6 }));
    await training.pause();
    const step = training.step(1e6);
    training.pair.fail('the worker ended with exit code 3');
    const error = await errorOf(training.result);
    expect(error.message).toBe('[trainInWorker] the worker ended with exit code 3.');
    expect(await errorOf(step)).toBe(error);
    expect(await errorOf(training.weights())).toBe(error);
  });

  it('wrong arguments of methods', async () => {
    const training = start(() => setup());
    expect((await errorOf(training.step(0))).message).toBe(
      '[step] got batches 0, wanted a whole number of at least 1.',
    );
    expect((await errorOf(training.setLearningRate(-1))).message).toBe(
      '[setLearningRate] got rate -1, wanted a finite number from 0 up.',
    );
    expect((await errorOf(training.stop(3 as never))).message).toBe('[stop] got reason 3, wanted a string.');
    await training.result;
  });
});
