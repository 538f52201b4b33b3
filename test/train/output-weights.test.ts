import { describe, expect, test } from 'vitest';
import {
  Accuracy,
  Dropout,
  evaluate,
  fit,
  Generator,
  type LossFunction,
  MeanAbsoluteError,
  meanSquaredError,
  SGD,
  ShapeError,
  softmaxCrossEntropy,
  type Tensor,
  tensor,
  training,
  ValueError,
} from '../../src/index.ts';
import { samples, valuesOf } from './support.ts';
import { ByName, ByPosition, count, data, kind, made, type Outputs, total } from './two-inputs.ts';

const random = new Generator(5);
const drawn = (): Float32Array => random.uniform([count], 0.1, 2).dataSync() as Float32Array;
const weights = { total: drawn(), kind: drawn().fill(0, 20, 30) };
const sampleWeights = { total: tensor(weights.total), kind: tensor(weights.kind) };
const loss = { total: meanSquaredError, kind: { loss: softmaxCrossEntropy, weight: 0.5 } };
const settings = { loss, shuffle: false, seed: 1, progress: false };
const sgd = (model: ByName | ByPosition) => new SGD(model.parameters(), { learningRate: 0.1 });

/** Losses and metrics of all samples in plain loops in double precision, from the model's outputs. */
function byHand(model: ByName, own: { total?: ArrayLike<number>; kind?: ArrayLike<number> }) {
  const y = model.call(data.x);
  const [predicted, logits] = [y.total.dataSync(), y.kind.dataSync()];
  const [targets, labels] = [total.dataSync(), kind.dataSync()];
  const sums = { squares: 0, distances: 0, entropies: 0, hits: 0, total: 0, kind: 0 };
  for (let i = 0; i < count; i++) {
    const [a, b] = [own.total?.[i] ?? 1, own.kind?.[i] ?? 1];
    const distance = predicted[i]! - targets[i]!;
    const [z0, z1] = [logits[2 * i]!, logits[2 * i + 1]!];
    sums.total += a;
    sums.kind += b;
    sums.squares += a * distance * distance;
    sums.distances += a * Math.abs(distance);
    sums.entropies += b * (Math.log(Math.exp(z0) + Math.exp(z1)) - logits[2 * i + labels[i]!]!);
    if (Number(z1 > z0) === labels[i]) sums.hits += b;
  }
  const total_loss = sums.squares / sums.total;
  const kind_loss = sums.entropies / sums.kind;
  return {
    loss: total_loss + 0.5 * kind_loss,
    total_loss,
    kind_loss,
    total_meanAbsoluteError: sums.distances / sums.total,
    kind_accuracy: sums.hits / sums.kind,
  };
}

class WithoutDropout extends ByName {
  override readonly dropout = new Dropout(0);
}

const metrics = () => ({ total: [new MeanAbsoluteError()], kind: [new Accuracy()] });
const near = (found: Record<string, number>, wanted: Record<string, number>): void => {
  expect(Object.keys(found)).toEqual(Object.keys(wanted));
  for (const [name, value] of Object.entries(wanted)) expect(found[name]).toBeCloseTo(value, 5);
};

test.each([{ batchSize: 50 }, { batchSize: 7 }])(
  'evaluate weights losses and metrics, %o',
  async (options) => {
    const model = made(() => new ByName());
    const run = (sampleWeights: Partial<Record<keyof Outputs, Tensor>>) =>
      evaluate(model, { ...data, sampleWeights }, { ...options, loss, metrics: metrics() });
    near(await run(sampleWeights), byHand(model, weights));
    near(await run({ kind: sampleWeights.kind }), byHand(model, { kind: weights.kind }));
    near(await run({ total: sampleWeights.total }), byHand(model, { total: weights.total }));
  },
);

test('evaluate adds losses of several parts', async () => {
  const model = made(() => new ByName());
  const parts: LossFunction = (p, y, options) =>
    meanSquaredError(p, y, options)
      .add(meanSquaredError(p, y, { ...options, reduction: 'sum' }).mul(0.01))
      .mul(2);
  const weighted: LossFunction = (p, y, options) =>
    softmaxCrossEntropy(p, y, { ...options, classWeights: [1, 3] });
  const of = { total: parts, kind: weighted };
  const whole = await evaluate(model, { ...data, sampleWeights }, { loss: of, batchSize: count });
  const y = model.call(data.x);
  const own = {
    total: parts(y.total, total, { sampleWeights: sampleWeights.total }).item(),
    kind: weighted(y.kind, kind, { sampleWeights: sampleWeights.kind }).item(),
  };
  near(whole, { loss: own.total + own.kind, total_loss: own.total, kind_loss: own.kind });
  // The 20 samples from 20 to 30 do not count for one output: batches of 5 have none that do.
  near(await evaluate(model, { ...data, sampleWeights }, { loss: of, batchSize: 5 }), whole);
});

test('a step is that of a loop by hand, to the bit, for records and tuples', async () => {
  const model = made(() => new ByName());
  const { history } = await fit(
    model,
    { ...data, sampleWeights },
    { ...settings, optimizer: sgd(model), batchSize: count },
  );
  const own = made(() => new ByName());
  const y = own.call(data.x, training({ rng: new Generator(1).fork(0) }));
  const losses = [
    meanSquaredError(y.total, total, { sampleWeights: sampleWeights.total }),
    softmaxCrossEntropy(y.kind, kind, { sampleWeights: sampleWeights.kind }),
  ] as const;
  const sum = losses[0].add(losses[1].mul(0.5));
  await sgd(own).minimize(sum, { also: losses });
  expect(valuesOf(model)).toEqual(valuesOf(own));
  expect(history.loss![0]).toBeCloseTo(sum.item(), 6);
  expect(history.total_loss).toEqual([losses[0].item()]);

  const other = made(() => new ByPosition());
  await fit(
    other,
    {
      x: [data.x.numbers, data.x.codes],
      y: [total, kind],
      sampleWeights: [sampleWeights.total, sampleWeights.kind],
    },
    {
      ...settings,
      loss: [meanSquaredError, { loss: softmaxCrossEntropy, weight: 0.5 }],
      optimizer: sgd(other),
      batchSize: count,
    },
  );
  expect(valuesOf(other)).toEqual(valuesOf(model));
});

test('equal weights for all outputs are those of one array', async () => {
  const run = async (
    given: typeof data & { sampleWeights: Tensor | typeof sampleWeights },
    accumulate: number,
  ) => {
    const model = made(() => new ByName());
    const options = {
      ...settings,
      optimizer: sgd(model),
      metrics: metrics(),
      batchSize: 16,
      accumulate,
    };
    const { history } = await fit(model, given, { ...options, validationSplit: 0.2 });
    return { values: valuesOf(model), history };
  };
  const one = sampleWeights.total;
  for (const accumulate of [1, 2]) {
    const a = await run({ ...data, sampleWeights: one }, accumulate);
    const b = await run({ ...data, sampleWeights: { total: one, kind: one } }, accumulate);
    for (const [i, value] of a.values.entries()) expect(b.values[i]).toBeCloseTo(value, 6);
    for (const [name, values] of Object.entries(a.history))
      for (const [i, value] of values.entries()) expect(b.history[name]![i]).toBeCloseTo(value, 5);
  }
});

describe('an output for which no sample of a batch counts', () => {
  const none = { total: tensor(weights.total), kind: tensor(weights.kind.slice().fill(0, 0, 25)) };

  test('stays, while the others learn', async () => {
    const model = made(() => new ByName());
    const head = [model.kind.kernel, model.kind.bias!];
    const before = head.map((p) => [...p.dataSync()]);
    const [first, second] = [[0, 25] as const, [25, 50] as const].map((range) => ({
      x: { numbers: data.x.numbers.slice(range), codes: data.x.codes.slice(range) },
      y: { total: total.slice(range), kind: kind.slice(range) },
      sampleWeights: { total: none.total.slice(range), kind: none.kind.slice(range) },
    }));
    const optimizer = sgd(model);
    const { history } = await fit(model, () => [first!], { ...settings, optimizer, metrics: metrics() });
    expect(optimizer.step).toBe(1);
    expect(head.map((p) => [...p.dataSync()])).toEqual(before);
    expect(model.total.kernel.version).toBe(1);
    expect(history.loss![0]).toBeCloseTo(history.total_loss![0]!, 6);
    const both = await fit(model, () => [first!, second!], { ...settings, optimizer: sgd(model) });
    expect(both.history.kind_loss![0]).toBeGreaterThan(0);
    expect(head.map((p) => [...p.dataSync()])).not.toEqual(before);
  });

  test('has no part in shards', async () => {
    const run = async (accumulate: number) => {
      const model = made(() => new WithoutDropout());
      const { history } = await fit(
        model,
        { ...data, sampleWeights: none },
        { ...settings, optimizer: sgd(model), batchSize: 25, accumulate, metrics: metrics() },
      );
      return { values: valuesOf(model), history };
    };
    const whole = await run(1);
    const cut = await run(4);
    for (const [i, value] of whole.values.entries()) expect(cut.values[i]).toBeCloseTo(value, 5);
    for (const [name, values] of Object.entries(whole.history))
      expect(cut.history[name]![0]).toBeCloseTo(values[0]!, 5);
  });

  test('and a batch in which none counts for any output is passed over', async () => {
    const zero = weights.total.slice().fill(0, 0, 25);
    const model = made(() => new ByName());
    const optimizer = sgd(model);
    const given = { ...data, sampleWeights: { total: zero, kind: weights.kind.slice().fill(0, 0, 25) } };
    await fit(model, given, { ...settings, optimizer, batchSize: 25 });
    expect(optimizer.step).toBe(1);
  });
});

describe('errors', () => {
  const ones = new Float32Array(count).fill(1);
  const cases: [string, object, string, new (...args: never[]) => Error][] = [
    [
      'an unknown output',
      { mpg: ones },
      "[fit] got sampleWeights of 'mpg' for a model with the outputs total, kind.",
      ValueError,
    ],
    [
      'a shape',
      { kind: [1, 2] },
      '[fit] sampleWeights.kind have shape [2], wanted one weight per sample, [50], or position, [50, ...].',
      ShapeError,
    ],
    [
      'a negative weight',
      { total: ones, kind: ones.map((w, i) => (i === 3 ? -w : w)) },
      '[fit] sampleWeights.kind[3] is -1, wanted a finite number',
      ValueError,
    ],
    ['only zeros', { kind: ones.map(() => 0) }, '[fit] sampleWeights.kind are all 0', ValueError],
    ['no weights', {}, '[fit] got sampleWeights without arrays', ValueError],
  ];
  test.each(cases)('%s', async (_, given, message, type) => {
    const model = made(() => new ByName());
    const running = fit(
      model,
      { ...data, sampleWeights: given as typeof sampleWeights },
      { ...settings, optimizer: sgd(model) },
    );
    await expect(running).rejects.toThrow(message);
    await expect(running).rejects.toBeInstanceOf(type);
    expect(model.kind.kernel.version).toBe(0);
  });

  test('weights of outputs for a model with one', async () => {
    const model = made(() => new ByName()).first;
    const given = { ...samples(4), sampleWeights: { a: [1, 2, 3, 4] } };
    const running = evaluate(model, given as never, { metrics: [new MeanAbsoluteError()] });
    await expect(running).rejects.toThrow("[evaluate] got sampleWeights of 'a' for a model with one output.");
  });

  test('names are checked by the compiler', async () => {
    const model = made(() => new ByName());
    // @ts-expect-error the model has no output mpg
    const running = evaluate(model, { ...data, sampleWeights: { mpg: ones } }, { loss });
    await expect(running).rejects.toThrow(ValueError);
  });
});
