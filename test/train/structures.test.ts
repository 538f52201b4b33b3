import { describe, expect, test } from 'vitest';
import {
  Accuracy,
  Adam,
  checkpoint,
  Dense,
  defaultGenerator,
  earlyStopping,
  evaluate,
  type FitOptions,
  fit,
  Generator,
  loadModel,
  MeanAbsoluteError,
  meanSquaredError,
  NonFiniteError,
  predict,
  Sequential,
  ShapeError,
  saveModel,
  seed,
  softmaxCrossEntropy,
  tensor,
  training,
  ValueError,
} from '../../src/index.ts';
import { MemoryStore } from './checkpoint/memory-store.ts';
import { samples, valuesOf } from './support.ts';
import {
  ByName,
  ByPosition,
  codes,
  count,
  data,
  type Inputs,
  kind,
  made,
  numbers,
  type Outputs,
  total,
} from './two-inputs.ts';

const options = (model: ByName): FitOptions<Outputs, Inputs> => ({
  loss: { total: meanSquaredError, kind: { loss: softmaxCrossEntropy, weight: 0.5 } },
  optimizer: new Adam(model.parameters(), { learningRate: 0.02 }),
  metrics: { total: [new MeanAbsoluteError()], kind: [new Accuracy()] },
  epochs: 3,
  batchSize: 16,
  seed: 1,
  progress: false,
});

describe('records', () => {
  test('train like a loop by hand, to the bit, and report each output', async () => {
    const model = made(() => new ByName());
    const { history } = await fit(model, data, {
      ...options(model),
      epochs: 1,
      batchSize: count,
      shuffle: false,
    });
    expect(Object.keys(history)).toEqual([
      'loss',
      'total_loss',
      'kind_loss',
      'total_meanAbsoluteError',
      'kind_accuracy',
    ]);

    const own = made(() => new ByName());
    const y = own.call(data.x, training({ rng: new Generator(1).fork(0) }));
    const losses = [meanSquaredError(y.total, total), softmaxCrossEntropy(y.kind, kind)] as const;
    const loss = losses[0].add(losses[1].mul(0.5));
    await new Adam(own.parameters(), { learningRate: 0.02 }).minimize(loss, { also: losses });
    expect(valuesOf(model)).toEqual(valuesOf(own));
    expect(history.loss).toEqual([loss.item()]);
    expect(history.total_loss).toEqual([losses[0].item()]);
    expect(history.kind_loss).toEqual([losses[1].item()]);
  });

  test('tuples give the same bits, with indices as names', async () => {
    const model = made(() => new ByName());
    const a = await fit(model, data, { ...options(model), validationSplit: 0.2 });
    const other = made(() => new ByPosition());
    const b = await fit(
      other,
      { x: [numbers, codes], y: [total, kind] },
      {
        loss: [meanSquaredError, { loss: softmaxCrossEntropy, weight: 0.5 }],
        optimizer: new Adam(other.parameters(), { learningRate: 0.02 }),
        metrics: [[new MeanAbsoluteError()], [new Accuracy()]],
        epochs: 3,
        batchSize: 16,
        seed: 1,
        progress: false,
        validationSplit: 0.2,
      },
    );
    expect(valuesOf(other)).toEqual(valuesOf(model));
    expect(Object.keys(b.history)).toContain('val_1_accuracy');
    expect(Object.values(b.history)).toEqual(Object.values(a.history));
  });

  test('with one input and one output give the bits of tensors', async () => {
    const { x, y } = samples(50);
    const settings = { epochs: 2, batchSize: 16, seed: 1, progress: false };
    const make = () => made(() => new Sequential([new Dense(3, 8, { activation: 'relu' }), new Dense(8, 1)]));
    const plain = make();
    const a = await fit(
      plain,
      { x, y },
      { ...settings, loss: meanSquaredError, optimizer: new Adam(plain.parameters()) },
    );
    const inner = make();
    const model = {
      forward: ({ a }: { a: typeof x }, ctx: ReturnType<typeof training>) => ({ b: inner.call(a, ctx) }),
      parameters: () => inner.parameters(),
    };
    const b = await fit(
      model,
      { x: { a: x }, y: { b: y } },
      {
        ...settings,
        loss: { b: meanSquaredError },
        optimizer: new Adam(inner.parameters()),
      },
    );
    expect(valuesOf(inner)).toEqual(valuesOf(plain));
    expect(b.history.loss).toEqual(a.history.loss);
    expect(b.history.b_loss).toEqual(a.history.loss);
  });

  test('a loss for one output needs no labels of the other', async () => {
    const model = made(() => new ByName());
    const { history } = await fit(
      model,
      { x: data.x, y: { kind } },
      {
        loss: { kind: softmaxCrossEntropy },
        optimizer: new Adam(model.kind.parameters()),
        allowUntrained: true,
        epochs: 2,
        progress: false,
        callbacks: [earlyStopping({ monitor: 'kind_loss' })],
      },
    );
    expect(Object.keys(history)).toEqual(['loss', 'kind_loss']);
    expect(history.kind_loss).toEqual(history.loss);
  });

  test('batches from a function, weights, evaluate for any batch size and predict', async () => {
    const sampleWeights = new Generator(1).uniform([count]);
    const model = made(() => new ByName());
    const batches = () => [{ ...data, sampleWeights }];
    await fit(model, batches, { ...options(model), epochs: 2, batchSize: undefined as never });
    const own = made(() => new ByName());
    await fit(
      own,
      { ...data, sampleWeights },
      { ...options(own), epochs: 2, batchSize: count, shuffle: false },
    );
    expect(valuesOf(model)).toEqual(valuesOf(own));

    const { loss, metrics } = options(model);
    const whole = await evaluate(model, { ...data, sampleWeights }, { loss, metrics: metrics! });
    const parts = await evaluate(
      model,
      { ...data, sampleWeights },
      { loss, metrics: metrics!, batchSize: 7 },
    );
    expect(Object.keys(whole)).toEqual([
      'loss',
      'total_loss',
      'kind_loss',
      'total_meanAbsoluteError',
      'kind_accuracy',
    ]);
    expect(whole.loss).toBeCloseTo(whole.total_loss! + 0.5 * whole.kind_loss!, 6);
    for (const [name, value] of Object.entries(whole)) expect(parts[name]).toBeCloseTo(value, 5);
    const alone = await evaluate(model, data, { metrics: { kind: [new Accuracy()] } });
    expect(Object.keys(alone)).toEqual(['kind_accuracy']);

    const expected = model.call(data.x);
    const predictions = await predict(model, data.x, { batchSize: 16 });
    expect(Object.keys(predictions)).toEqual(['total', 'kind']);
    expect(predictions.total.dataSync()).toEqual(expected.total.dataSync());
    expect(predictions.kind.shape).toEqual([count, 2]);
    const other = made(() => new ByPosition());
    expect((await predict(other, [numbers, codes])).map(({ shape }) => shape)).toEqual([
      [count, 1],
      [count, 2],
    ]);
  });

  test('save, load and summarize', async () => {
    const model = made(() => new ByName());
    const loaded = await loadModel<ByName>(await saveModel(model), { layers: { ByName } });
    expect(valuesOf(loaded.model)).toEqual(valuesOf(model));
    expect(loaded.model.call(data.x).kind.dataSync()).toEqual(model.call(data.x).kind.dataSync());
    expect(model.summary({ inputShape: { numbers: [3], codes: [2] } }).split('\n')).toEqual([
      'Layer            Output                     Parameters',
      '------------------------------------------------------',
      'ByName           total [N, 1], kind [N, 2]            ',
      'first Dense      [N, 4]                             16',
      'second Dense     [N, 4]                             12',
      'dropout Dropout  [N, 8]                              0',
      'total Dense      [N, 1]                              9',
      'kind Dense       [N, 2]                             18',
      '------------------------------------------------------',
      '55 parameters: 55 trainable, 0 frozen',
    ]);
    expect(model.summary()).toContain('first Dense      ?');
  });

  test('resume from a checkpoint within an epoch, and refuse other data', async () => {
    const whole = made(() => new ByName());
    const expected = await fit(whole, data, { ...options(whole), validationSplit: 0.2 });
    const store = new MemoryStore();
    const run = async (model: ByName, given = data, stopAfter = Number.POSITIVE_INFINITY) => {
      const stop = new Error('stop');
      const callbacks = [
        {
          onBatchEnd: ({ step }: { step: number }) => {
            if (step > stopAfter) throw stop;
          },
        },
      ];
      return fit(model, given, {
        ...options(model),
        validationSplit: 0.2,
        callbacks,
        checkpoint: checkpoint(store, { every: { steps: 1 }, monitor: 'val_kind_accuracy' }),
        resume: 'auto',
      }).catch((error: unknown) => {
        if (error !== stop) throw error;
        return null;
      });
    };
    expect(
      await run(
        made(() => new ByName()),
        data,
        4,
      ),
    ).toBe(null);
    defaultGenerator();
    const model = new ByName();
    const found = await run(model);
    expect(found!.history).toEqual(expected.history);
    expect(valuesOf(model)).toEqual(valuesOf(whole));

    const changed = { x: { numbers: numbers.add(1), codes }, y: data.y };
    await expect(run(new ByName(), changed)).rejects.toThrow(
      /differs in the samples \(x\.numbers float32 \[40, 3\] \w+, x\.codes float32 \[40, 2\] \w+, y\.total /,
    );
  });
});

describe('errors', () => {
  const cases: [string, (model: ByName) => Promise<unknown>, string][] = [
    [
      'an unknown output',
      (model) =>
        fit(model, data, { ...options(model), loss: { mpg: meanSquaredError } as never, metrics: {} }),
      "[fit] got a loss or metrics of 'mpg' for a model with the outputs total, kind.",
    ],
    [
      'one loss for several outputs',
      (model) =>
        fit(model, data, { ...options(model), loss: meanSquaredError as never, metrics: [] as never }),
      '[fit] got a loss or metrics without names for a model with the outputs total, kind.',
    ],
    [
      'losses of outputs for one output',
      () => {
        const dense = new Dense(3, 1);
        const optimizer = new Adam(dense.parameters());
        return fit(
          dense,
          { x: numbers, y: total },
          { optimizer, loss: { total: meanSquaredError } as never },
        );
      },
      "[fit] got a loss or metrics of 'total' for a model with one output.",
    ],
    [
      'missing labels',
      (model) => fit(model, { x: data.x, y: { total } }, options(model)),
      "[fit] got no y of output 'kind', wanted it for its loss or metrics: the data have total.",
    ],
    [
      'labels of an unknown output',
      (model) => fit(model, { x: data.x, y: { ...data.y, mpg: total } as never }, options(model)),
      "[fit] got y of 'mpg' for a model with the outputs total, kind.",
    ],
    [
      'one y for several outputs',
      (model) => fit(model, { x: data.x, y: total as never }, options(model)),
      '[fit] got y for a model with the outputs total, kind.',
    ],
    [
      'other numbers of samples',
      (model) => fit(model, { x: data.x, y: { total, kind: kind.reshape([25, 2]) } }, options(model)),
      '[fit] x.numbers [50, 3] has 50 samples, y.kind [25, 2] has 25.',
    ],
    [
      'other numbers of samples in predict',
      (model) => predict(model, { numbers, codes: tensor([[1, 2]]) }),
      '[predict] x.numbers [50, 3] has 50 samples, x.codes [1, 2] has 1.',
    ],
    [
      'no inputs',
      (model) => fit(model, { x: {} as never, y: data.y }, options(model)),
      '[fit] got x without arrays, wanted a tensor or a record of tensors.',
    ],
    [
      'a missing input',
      (model) => fit(model, { x: { numbers } as never, y: data.y }, options(model)),
      '[ByName] input numbers float32 [16, 3]: [Dense] got undefined, wanted a Tensor.',
    ],
    [
      'metrics in one list',
      (model) => fit(model, data, { ...options(model), metrics: [new Accuracy()] as never }),
      '[fit] got metrics in one list, wanted a list for each output',
    ],
    [
      'no loss',
      (model) => fit(model, data, { ...options(model), loss: {} }),
      '[fit] got no loss of any output',
    ],
    [
      'a weight',
      (model) =>
        fit(model, data, {
          ...options(model),
          loss: { kind: { loss: softmaxCrossEntropy, weight: Number.NaN } },
        }),
      '[fit] got loss.kind with loss a function and weight NaN, wanted a function and a finite number.',
    ],
    [
      'an option of a loss',
      (model) =>
        fit(model, data, {
          ...options(model),
          loss: { kind: { loss: softmaxCrossEntropy, wait: 1 } as never },
        }),
      "[fit] got the unknown option 'wait', wanted one of loss, weight.",
    ],
    [
      'two results with one name',
      (model) => evaluate(model, data, { metrics: { kind: [new Accuracy(), new Accuracy()] } }),
      "[evaluate] two results are called 'kind_accuracy'.",
    ],
  ];
  test.each(cases)('%s', async (_, run, message) => {
    const model = made(() => new ByName());
    const running = run(model);
    await expect(running).rejects.toThrow(message);
    await expect(running).rejects.toBeInstanceOf(Error);
    expect(model.kind.kernel.version).toBe(0);
  });

  test('a value that is not finite is named with its input', async () => {
    const model = made(() => new ByName());
    const bad = numbers.add(tensor(new Float32Array(count).fill(Number.NaN), { shape: [count, 1] }));
    const running = fit(model, { x: { numbers: bad, codes }, y: data.y }, options(model));
    await expect(running).rejects.toThrow(NonFiniteError);
    await expect(running).rejects.toThrow('x.numbers of the batch contains NaN. Clean the data.');
  });

  test('errors have their types', async () => {
    seed(1);
    const model = new ByName();
    await expect(predict(model, { numbers, codes: tensor([[1, 2]]) })).rejects.toThrow(ShapeError);
    await expect(fit(model, data, { ...options(model), loss: {} })).rejects.toThrow(ValueError);
  });
});
