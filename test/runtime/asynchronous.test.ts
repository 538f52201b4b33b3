import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  Accuracy,
  Adam,
  type Backend,
  type BackendName,
  BatchNorm,
  backendInfo,
  type Callback,
  Dense,
  Dropout,
  earlyStopping,
  evaluate,
  fit,
  Generator,
  initializers,
  type Layer,
  type OptimizerState,
  ones,
  Parameter,
  predict,
  realize,
  Sequential,
  SGD,
  StateError,
  seed,
  setBackend,
  softmaxCrossEntropy,
  stopOnNaN,
  type Tensor,
  type TypedArray,
  tensor,
  training,
  WeightAverage,
} from '../../src/index.ts';
import { FakeDevice } from './fake-device.ts';

// What a program sees of a backend that computes later and whose values come home only by waiting.

let device: FakeDevice;
beforeEach(() => {
  device = new FakeDevice();
});
afterEach(() => setBackend('wasm'));

type Numbers = readonly (TypedArray | readonly number[])[];

/** What a program gives on a backend. */
async function on(backend: BackendName | Backend, program: () => Promise<Numbers>): Promise<number[][]> {
  await setBackend(backend);
  seed(5);
  return (await program()).map((values) => [...values]);
}

/** The program gives the same bits on the js backend and on the device, where it really ran. */
async function sameBits(program: () => Promise<Numbers>): Promise<number[][]> {
  const wanted = await on('js', program);
  const got = await on(device, program);
  expect(device.log.filter((entry) => entry === 'run').length).toBeGreaterThan(0);
  expect(got).toEqual(wanted);
  return got;
}

const read = (tensors: readonly Tensor[]): Promise<TypedArray[]> => Promise.all(tensors.map((t) => t.data()));

/** All slots of a state. */
const slotsOf = ({ parameters }: OptimizerState): TypedArray[] =>
  Object.values(parameters).flatMap(({ slots }) => Object.values(slots));

const rng = new Generator(3);
const x = tensor(rng.normal([48, 6]).dataSync(), { shape: [48, 6] });
const labels = tensor(Int32Array.from({ length: 48 }, (_, i) => (i * i) % 4));

const network = (): Layer =>
  new Sequential([
    new Dense(6, 12, { activation: 'relu', kernelInitializer: initializers.orthogonal() }),
    new BatchNorm(12),
    new Dropout(0.3),
    new Dense(12, 4),
  ]) as Layer;

describe('the same program gives the same bits', () => {
  test('training with Dropout and running statistics', async () => {
    const got = await sameBits(async () => {
      const model = network();
      const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
      const context = training({ rng: new Generator(2) });
      const losses: number[] = [];
      for (let i = 0; i < 8; i++) {
        const loss = softmaxCrossEntropy(model.call(x, context), labels);
        await optimizer.minimize(loss, { context });
        losses.push((await loss.data())[0]!, loss.item());
      }
      const state = await optimizer.getState();
      return [losses, ...(await read(model.parameters())), [state.step], ...slotsOf(state)];
    });
    expect(got[0]!.at(-1)).toBeLessThan(got[0]![0]!);
  });

  test('fit with validation, metrics, callbacks and an average', async () => {
    await sameBits(async () => {
      const model = network();
      const seen: number[] = [];
      const watch: Callback = {
        onBatchEnd: ({ loss, results }) => void seen.push(loss, results.accuracy!),
      };
      const average = new WeightAverage(model.parameters(), { decay: 0.9 });
      const { history } = await fit(
        model,
        { x, y: labels },
        {
          loss: softmaxCrossEntropy,
          optimizer: new SGD(model.parameters(), { learningRate: 0.1, momentum: 0.9 }),
          average,
          epochs: 4,
          batchSize: 10,
          validationSplit: 0.25,
          metrics: [new Accuracy()],
          callbacks: [watch, earlyStopping({ patience: 1, monitor: 'val_accuracy' })],
          seed: 4,
          progress: false,
        },
      );
      const scores = await evaluate(model, { x, y: labels }, { loss: softmaxCrossEntropy });
      const outputs = await (await predict(model, x, { batchSize: 20 })).data();
      const values = slotsOf(await average.getState());
      return [
        ...Object.values(history),
        seen,
        Object.values(scores),
        outputs,
        ...values,
        ...(await read(model.parameters())),
      ];
    });
  });

  test('a NaN loss is found in its batch, and overwrites nothing', async () => {
    const bad = Float32Array.from(await x.data());
    bad[30 * 6] = Number.NaN;
    const stopped: (string | undefined)[] = [];
    await sameBits(async () => {
      const model = new Dense(6, 4);
      const history = await fit(
        model,
        { x: tensor(bad, { shape: [48, 6] }), y: labels },
        {
          loss: softmaxCrossEntropy,
          optimizer: new SGD(model.parameters(), { learningRate: 0.1 }),
          batchSize: 8,
          shuffle: false,
          callbacks: [stopOnNaN()],
          progress: false,
        },
      );
      stopped.push(history.stopped);
      return read(model.parameters());
    });
    expect(stopped[0]).toContain('step 4: the loss is NaN: x of the batch contains NaN');
    expect(stopped[1]).toBe(stopped[0]);
  });

  test('steps that nobody waits for, and what they computed', async () => {
    await sameBits(async () => {
      const model = network();
      const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
      const context = training({ rng: new Generator(2) });
      const losses: Tensor[] = [];
      const steps: Promise<void>[] = [];
      for (let i = 0; i < 5; i++) {
        const logits = model.call(x, context);
        const loss = softmaxCrossEntropy(logits, labels);
        steps.push(optimizer.minimize(loss, { context, also: [logits] }));
        // Built on values that are on their way, and on Parameters that have been overwritten since.
        losses.push(loss, loss.mul(2), logits.argmax(1));
      }
      const values = await read(losses);
      await Promise.all(steps);
      return [...values, ...(await read(model.parameters()))];
    });
  });

  test('assignments, swapped averages and their states', async () => {
    await sameBits(async () => {
      const p = new Parameter<readonly number[]>(tensor([1, -2, 3]), { name: 'p' });
      const average = new WeightAverage([p], { decay: 0.5 });
      const optimizer = new SGD([p], { learningRate: 0.1, momentum: 0.9 });
      void p.assign(p.mul(2));
      const half = p.div(2);
      await realize(half);
      void p.assign([4, 5, 6]);
      void optimizer.minimize(p.square().sum(), { average });
      await optimizer.minimize(p.square().sum(), { average });
      void average.swap();
      const during = await p.data();
      const state = await average.getState();
      await average.swap();
      const moments = slotsOf(await optimizer.getState());
      await optimizer.minimize(p.square().sum(), { average });
      await average.setState(state);
      return [
        ...(await read([half, p])),
        during,
        ...slotsOf(state),
        ...moments,
        ...slotsOf(await average.getState()),
        [p.version, average.step, Number(average.swapped)],
      ];
    });
  });

  test('with backends changed in the middle of training', async () => {
    const program = (other?: Backend | BackendName, third?: Backend | BackendName) => async () => {
      const model = network();
      const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
      const context = training({ rng: new Generator(2) });
      const losses: Tensor[] = [];
      const steps: Promise<void>[] = [];
      const train = (count: number): void => {
        for (let i = 0; i < count; i++) {
          const loss = softmaxCrossEntropy(model.call(x, context), labels);
          steps.push(optimizer.minimize(loss, { context }));
          losses.push(loss);
        }
      };
      train(2);
      const changed = other && setBackend(other);
      train(2);
      const extra = new Parameter(model.parameters()[0]!, { name: 'extra' });
      train(1);
      await changed;
      await Promise.all(steps);
      if (other) expect(backendInfo().name).toBe(typeof other === 'string' ? other : other.name);
      train(1);
      if (third) await setBackend(third);
      train(1);
      await Promise.all(steps);
      return read([...losses, extra, ...model.parameters()]);
    };
    const wanted = await on('js', program());
    expect(await on(device, program('wasm', device))).toEqual(wanted);
    expect(await on('wasm', program(device, 'js'))).toEqual(wanted);
    expect(await on(device, program('js', 'wasm'))).toEqual(wanted);
    expect(await on(device, program(new FakeDevice({ name: 'another' }), 'wasm'))).toEqual(wanted);
  });
});

describe('Parameters', () => {
  test('start with the bits of the CPU, readable at once', async () => {
    const make = () => {
      const layer = new Dense(5, 3, {
        kernelInitializer: initializers.orthogonal({ gain: 2 }),
        rng: new Generator(1),
      });
      const random = new Parameter(new Generator(2).normal([4, 4]).exp());
      return [...layer.parameters(), random];
    };
    const wanted = make().map((p) => p.dataSync());
    const { planMisses } = backendInfo();
    await setBackend(device);
    expect(make().map((p) => p.dataSync())).toEqual(wanted);
    expect(device.log).toEqual([]);
    expect(backendInfo()).toMatchObject({ name: 'fake', planMisses });
  });

  test('are copied on the device where only it has the values', async () => {
    await setBackend(device);
    const p = new Parameter(ones([3]), { name: 'p' });
    void p.assign(p.mul(2));
    const copy = new Parameter(p, { name: 'copy' });
    const computed = new Parameter(p.add(1), { name: 'computed' });
    void p.assign(p.mul(2));
    void computed.assign(computed.add(p));
    expect(() => copy.dataSync()).toThrow("[dataSync] the values are in the memory of backend 'fake'");
    expect(await Promise.all([p, copy, computed].map(async (t) => [...(await t.data())]))).toEqual([
      [4, 4, 4],
      [2, 2, 2],
      [7, 7, 7],
    ]);
    expect([copy.name, copy.version, computed.version, p.version]).toEqual(['copy', 0, 1, 2]);
  });

  test('made between steps leave the plans of the steps alone', async () => {
    await setBackend(device);
    const p = new Parameter(ones([2]));
    const step = () => p.assign(p.add(1));
    await step();
    const { planMisses } = backendInfo();
    for (let i = 0; i < 3; i++) {
      new Parameter(new Generator(i).uniform([i + 1]));
      await step();
    }
    expect(backendInfo()).toMatchObject({ planMisses, plans: 1 });
    expect(device.released).toBe(0);
    await setBackend('wasm');
    await step();
    expect(device.released).toBe(1);
  });
});

describe('reading', () => {
  test('without waiting works once the values are home', async () => {
    await setBackend(device);
    const t = x.sum();
    expect(() => t.item()).toThrow(
      "[dataSync] results of backend 'fake' must be awaited. Use `await t.data()`.",
    );
    expect(String(t)).toBe(
      "Tensor [] float32 <not shown: [dataSync] results of backend 'fake' must be awaited. Use `await t.data()`.>",
    );
    await realize(t);
    const away =
      "[dataSync] the values are in the memory of backend 'fake', which can't be read synchronously.";
    expect(() => t.toArray()).toThrow(away);
    expect(String(t)).toContain(`Tensor [] float32 <not shown: ${away} Use \`await t.data()\``);
    const [value] = await t.data();
    expect(t.item()).toBe(value);
    expect(String(t)).toContain('Tensor [] float32\n');
    // Leaves are JavaScript's arrays.
    expect(x.dataSync()).toHaveLength(288);
  });

  test('small results come home with their run where the backend sees to it', async () => {
    await setBackend(new FakeDevice({ small: 1 }));
    const p = new Parameter(tensor([1, 2]));
    const loss = p.square().sum();
    await new SGD([p], { learningRate: 0.25 }).minimize(loss);
    expect(loss.item()).toBe(5);
    expect(() => p.dataSync()).toThrow(StateError);
  });

  test('a step that comes after it takes the values away again', async () => {
    await setBackend(device);
    const p = new Parameter(tensor([1, 2]));
    await p.assign(p.add(1));
    const early = p.data();
    while (device.queued === 0) await null;
    const step = p.assign(p.add(1));
    expect([...(await early)]).toEqual([2, 3]);
    expect(() => p.dataSync()).toThrow(StateError);
    await step;
    expect(() => p.dataSync()).toThrow(StateError);
    expect([...(await p.data())]).toEqual([3, 4]);
    expect(p.toArray()).toEqual([3, 4]);
  });
});

describe('setBackend', () => {
  test('waits for what was asked for before, and keeps what comes after it waiting', async () => {
    await setBackend(device);
    const p = new Parameter(tensor([1, 2]));
    void p.assign(p.add(1));
    const changed = setBackend('wasm');
    expect(() => p.dataSync()).toThrow('[run] the backend is being changed. Await setBackend first.');
    expect(backendInfo().name).toBe('wasm');
    const later = p.assign(p.mul(10));
    const again = setBackend(device);
    const last = p.assign(p.add(0.5));
    await changed;
    await again;
    expect(backendInfo().name).toBe('fake');
    await later;
    await last;
    expect([...(await p.data())]).toEqual([20.5, 30.5]);
  });

  test('has done what waited for it when it is done', async () => {
    await setBackend(device);
    const p = new Parameter(tensor([1, 2]));
    const changed = setBackend('wasm');
    void p.assign(p.mul(10));
    await changed;
    await p.assign(p.add(1));
    expect(p.toArray()).toEqual([11, 21]);
  });

  test('refuses what is no backend', async () => {
    // @ts-expect-error no such name
    await expect(setBackend('gpu')).rejects.toThrow(
      "[setBackend] got 'gpu', wanted 'wasm', 'js' or a backend",
    );
    // @ts-expect-error a promise that was not awaited
    await expect(setBackend(Promise.resolve(device))).rejects.toThrow(
      'got a Promise (await it first), wanted',
    );
  });
});

test('what nobody holds any more goes', async () => {
  if (globalThis.gc === undefined) throw new Error('Memory tests need node --expose-gc.');
  const collect = async () => {
    for (let i = 0; i < 4; i++) {
      globalThis.gc!();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return device.held.size;
  };
  await setBackend(device);
  const model = network();
  const optimizer = new Adam(model.parameters());
  const context = training({ rng: new Generator(2) });
  const train = async (steps: number) => {
    for (let i = 0; i < steps; i++) {
      const logits = model.call(x.slice([i % 8, (i % 8) + 40]), context);
      const step = optimizer.minimize(softmaxCrossEntropy(logits, labels.slice([0, 40])), {
        context,
        also: [logits],
      });
      if (i % 4 === 3) await step;
    }
  };
  await train(4);
  const before = await collect();
  await train(60);
  expect(await collect()).toBeLessThanOrEqual(before);
});
