import { describe, expect, test } from 'vitest';
import {
  Accuracy,
  Adam,
  BatchNorm,
  Conv2D,
  checkpoint,
  Dense,
  Dropout,
  type FitOptions,
  Flatten,
  fit,
  Generator,
  Layer,
  type LossFunction,
  MeanAbsoluteError,
  meanSquaredError,
  NonFiniteError,
  Sequential,
  SGD,
  seed,
  softmaxCrossEntropy,
  type Tensor,
  tensor,
  training,
  ValueError,
  WeightAverage,
} from '../../src/index.ts';
import { MemoryStore } from './checkpoint/memory-store.ts';
import { samples, train, valuesOf } from './support.ts';
import { ByName, made, data as named } from './two-inputs.ts';

const random = new Generator(2);
const images: Tensor = random.normal([22, 6, 6, 1]);
const labels: Tensor = random.uniform([22], 0, 3).floor().cast('int32');

const classWeights = [1, 3, 0.5];
const weightedEntropy: LossFunction = (p, y, options) =>
  softmaxCrossEntropy(p, y, { ...options, classWeights });

/** A convolutional network with running statistics and a penalty. */
function convolutional() {
  seed(4);
  const model = new Sequential([
    new Conv2D(1, 2, 3, { kernelPenalty: { l2: 0.01 } }),
    new BatchNorm(2),
    new Flatten(),
    new Dense(32, 3),
  ]);
  return { model, optimizer: new SGD(model.parameters(), { learningRate: 0.1, clip: { globalNorm: 0.5 } }) };
}

const close = (a: readonly number[], b: readonly number[], digits: number): void =>
  a.forEach((value, i) => {
    expect(value).toBeCloseTo(b[i]!, digits);
  });

test('1 shard gives the bits of none', async () => {
  const a = await train({ seed: 1 });
  const b = await train({ seed: 1, accumulate: 1 });
  expect(b.values).toEqual(a.values);
  expect(b.history.history).toEqual(a.history.history);
});

describe('the rule', () => {
  test('is that of an evaluation by hand, with BatchNorm, class weights, a penalty and clipping', async () => {
    const { model, optimizer } = convolutional();
    const average = new WeightAverage(model.parameters());
    const { history } = await fit(
      model,
      { x: images, y: labels },
      {
        loss: weightedEntropy,
        optimizer,
        average,
        batchSize: 22,
        shuffle: false,
        accumulate: 4,
        seed: 9,
        metrics: [new Accuracy()],
        progress: false,
      },
    );
    await average.swap();

    const own = convolutional();
    const [, norm] = own.model.layers;
    const cuts = [0, 5, 11, 16, 22];
    const parameters = own.model.parameters().filter((p) => p.trainable);
    const shards = cuts.slice(1).map((to, k) => {
      const context = training({ rng: new Generator(9).fork(0).fork(0).fork(k) });
      const [x, y] = [images, labels].map((t) => t.slice([cuts[k]!, to])) as [Tensor, Tensor];
      const loss = weightedEntropy(own.model.call(x as never, context), y);
      const weight = tensor(classWeights).take(y).sum();
      const gradients = own.optimizer.gradients(loss.mul(weight).add(own.model.penalty()!.mul(0)));
      const [mean, variance] = context.take().map(([, value]) => value.mul(to - cuts[k]!));
      return {
        loss,
        weight,
        gradients: parameters.map((p) => gradients.get(p)!),
        mean: mean!,
        variance: variance!,
      };
    });
    const tree = (of: (shard: (typeof shards)[number]) => Tensor): Tensor => {
      const [a, b, c, d] = shards.map(of) as [Tensor, Tensor, Tensor, Tensor];
      return a.add(b).add(c.add(d));
    };
    const weight = tree((shard) => shard.weight);
    const penalties = own.optimizer.gradients(shards[0]!.loss.mul(0).add(own.model.penalty()!));
    const gradients = parameters.map((p, i) => {
      const mean = tree((shard) => shard.gradients[i]!).div(weight);
      return [p, p.name === '0.kernel' ? mean.add(penalties.get(p)!) : mean] as const;
    });
    const context = training();
    context.assign(norm.runningMean, tree((shard) => shard.mean).div(22) as never);
    context.assign(norm.runningVariance, tree((shard) => shard.variance).div(22) as never);
    const penalty = own.model.penalty()!;
    const also = [penalty, weight, ...shards.flatMap((shard) => [shard.loss, shard.weight])];
    await own.optimizer.apply(new Map(gradients), { context, also });
    close(valuesOf(model), valuesOf(own.model), 6);

    const total = shards.reduce((sum, shard) => sum + shard.loss.item() * shard.weight.item(), 0);
    expect(history.loss![0]).toBeCloseTo(total / weight.item() + penalty.item(), 6);
  });

  test('an MLP with Dropout has the masks of its shards', async () => {
    const { x, y } = samples(20);
    const make = () => {
      seed(1);
      const model = new Sequential([
        new Dense(3, 8, { activation: 'tanh' }),
        new Dropout(0.5),
        new Dense(8, 1),
      ]);
      return { model, optimizer: new Adam(model.parameters(), { learningRate: 0.1 }) };
    };
    const { model, optimizer } = make();
    const options = { loss: meanSquaredError, batchSize: 10, shuffle: false, accumulate: 2, progress: false };
    await fit(model, { x, y }, { ...options, optimizer, seed: 5 });

    const own = make();
    for (let batch = 0; batch < 2; batch++) {
      const [a, b] = [0, 1].map((shard) => {
        const rng = new Generator(5).fork(0).fork(batch).fork(shard);
        const from = batch * 10 + shard * 5;
        const part = (t: Tensor): Tensor => t.slice([from, from + 5]);
        const loss = meanSquaredError(own.model.call(part(x) as never, training({ rng })), part(y));
        return own.optimizer.gradients(loss.mul(5));
      });
      const sum = [...a!].map(([p, g]) => [p, g.add(b!.get(p)!).div(10)] as const);
      await own.optimizer.apply(new Map(sum));
    }
    expect(valuesOf(model)).toEqual(valuesOf(own.model));
  });

  test('with weights of steps shards are close to a whole batch', async () => {
    const random = new Generator(1);
    const x = random.normal([10, 4, 3]);
    const y = random.normal([10, 4, 2]);
    const sampleWeights = random.bernoulli([10, 4], 0.6);
    const run = async (accumulate: number) => {
      seed(1);
      const model = new Dense(3, 2);
      const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
      const options = { loss: meanSquaredError, metrics: [new MeanAbsoluteError()], batchSize: 5, epochs: 2 };
      const { history } = await fit(
        model,
        { x, y, sampleWeights },
        { ...options, optimizer, accumulate, seed: 1, progress: false },
      );
      return { values: valuesOf(model), history: history as { loss: number[]; meanAbsoluteError: number[] } };
    };
    const whole = await run(1);
    const cut = await run(4);
    close(cut.values, whole.values, 5);
    close(cut.history.loss, whole.history.loss, 5);
    close(cut.history.meanAbsoluteError, whole.history.meanAbsoluteError, 5);
  });

  test('without Dropout and BatchNorm shards are close to a whole batch, for any number and incomplete batches', async () => {
    const { x, y } = samples(37);
    const sampleWeights = new Generator(1).uniform([37]);
    const run = async (options: Partial<FitOptions>) => {
      seed(1);
      const model = new Sequential([new Dense(3, 8, { activation: 'tanh' }), new Dense(8, 1)]);
      const { history } = await fit(
        model,
        { x, y, sampleWeights },
        {
          loss: (p, y, options) =>
            meanSquaredError(p, y, options).add(
              meanSquaredError(p, y, { ...options, reduction: 'sum' }).mul(0.01),
            ),
          optimizer: new Adam(model.parameters(), { learningRate: 0.01 }),
          metrics: [new MeanAbsoluteError()],
          batchSize: 16,
          epochs: 2,
          seed: 1,
          progress: false,
          ...options,
        },
      );
      return { values: valuesOf(model), history: history as { loss: number[]; meanAbsoluteError: number[] } };
    };
    const whole = await run({});
    for (const accumulate of [2, 8]) {
      const { values, history } = await run({ accumulate });
      close(values, whole.values, 5);
      close(history.loss, whole.history.loss, 5);
      close(history.meanAbsoluteError, whole.history.meanAbsoluteError, 5);
    }
  });

  test('empty shards and shards of weight 0 are left out', async () => {
    const { x, y } = samples(8);
    const run = async (data: object, accumulate: number) => {
      seed(1);
      const model = new Dense(3, 1);
      const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
      const options = {
        loss: meanSquaredError,
        optimizer,
        seed: 1,
        shuffle: false,
        accumulate,
        progress: false,
      };
      await fit(model, data as { x: Tensor; y: Tensor }, options);
      return { values: valuesOf(model), step: optimizer.step };
    };
    const part = { x: x.slice([0, 2]), y: y.slice([0, 2]) };
    const few = await run(part, 4);
    expect(few.step).toBe(1);
    close(few.values, (await run(part, 1)).values, 6);
    const weighted = await run({ x, y, sampleWeights: [1, 1, 0, 0, 0, 0, 0, 0] }, 4);
    expect(weighted.values).toEqual((await run(part, 1)).values);
  });

  test('several outputs, each with its weight', async () => {
    const run = async (accumulate: number) => {
      const model = made(() => new ByName());
      const { history } = await fit(model, named, {
        loss: {
          total: meanSquaredError,
          kind: { loss: (p, y) => softmaxCrossEntropy(p, y, { classWeights: [1, 2] }), weight: 0.5 },
        },
        optimizer: new SGD(model.parameters(), { learningRate: 0.1 }),
        metrics: { kind: [new Accuracy()] },
        batchSize: 50,
        accumulate,
        progress: false,
        seed: 1,
      });
      return { model, history };
    };
    const { history } = await run(4);
    expect(Object.keys(history)).toEqual(['loss', 'total_loss', 'kind_loss', 'kind_accuracy']);
    expect(history.loss![0]).toBeCloseTo(history.total_loss![0]! + 0.5 * history.kind_loss![0]!, 5);
    expect(valuesOf((await run(4)).model)).toEqual(valuesOf((await run(4)).model));
  });
});

test('goes on from a checkpoint with the same bits, and not with another number of shards', async () => {
  const run = async (store: MemoryStore, options: Partial<FitOptions> = {}, stopAfter = 1e9) => {
    const { model, optimizer } = convolutional();
    const stop = new Error('stop');
    const history = await fit(
      model,
      { x: images, y: labels },
      {
        loss: softmaxCrossEntropy,
        optimizer,
        batchSize: 8,
        epochs: 3,
        accumulate: 2,
        seed: 3,
        progress: false,
        checkpoint: checkpoint(store, { every: { steps: 1 } }),
        resume: 'auto',
        callbacks: [
          {
            onBatchEnd: ({ step }) => {
              if (step > stopAfter) throw stop;
            },
          },
        ],
        ...options,
      },
    ).catch((error: unknown) => {
      if (error !== stop) throw error;
      return null;
    });
    return { values: valuesOf(model), history: history?.history };
  };
  const whole = await run(new MemoryStore());
  const store = new MemoryStore();
  expect((await run(store, {}, 4)).history).toBeUndefined();
  await expect(run(store, { accumulate: 4 })).rejects.toThrow('It differs in accumulate (2, now 4).');
  await expect(run(store, { accumulate: 1 })).rejects.toThrow('It differs in accumulate (2, now none).');
  expect(await run(store)).toEqual(whole);
});

describe('errors', () => {
  test.each([0, 3, 1.5, -2, Number.NaN, '2'])('accumulate %j', async (accumulate) => {
    const running = train({ accumulate: accumulate as number });
    await expect(running).rejects.toThrow(ValueError);
    await expect(running).rejects.toThrow(
      /^\[fit\] got accumulate .*, wanted a power of two: 1, 2, 4, \.\.\.\.$/,
    );
  });

  test('a value that is not finite in one shard overwrites nothing', async () => {
    const { x, y } = samples(8);
    const bad = x.add(tensor([0, 0, 0, 0, 0, 0, 0, Number.NaN], { shape: [8, 1] }));
    const model = new Dense(3, 1);
    const optimizer = new Adam(model.parameters());
    const running = fit(
      model,
      { x: bad, y },
      { loss: meanSquaredError, optimizer, shuffle: false, accumulate: 4 },
    );
    await expect(running).rejects.toThrow(NonFiniteError);
    await expect(running).rejects.toThrow(
      '[fit] epoch 1 of 1, step 1: the loss is NaN: x of the batch contains NaN.',
    );
    expect([optimizer.step, model.kernel.version]).toEqual([0, 0]);
  });

  test('a gradient that is not finite names its Parameter', async () => {
    const model = new Dense(3, 1);
    const optimizer = new SGD(model.parameters(), { learningRate: 0.1 });
    const loss: LossFunction = (p, y) => meanSquaredError(p.sub(p.detach()).square().sum(1).sqrt(), y.sum(1));
    const running = fit(model, samples(8), { loss, optimizer, accumulate: 2, progress: false });
    await expect(running).rejects.toThrow(
      "the loss is finite, but the gradient of Parameter 'kernel' contains NaN",
    );
    expect([optimizer.step, model.kernel.version]).toEqual([0, 0]);
  });

  test('a Parameter that is not reached', async () => {
    class Unused extends Layer {
      readonly used = new Dense(3, 1);
      readonly unused = new Dense(3, 1);
      override forward(x: Tensor, ctx: ReturnType<typeof training>): Tensor {
        return this.used.call(x as Tensor<[number, 3]>, ctx);
      }
    }
    const model = new Unused();
    const optimizer = new Adam(model.parameters());
    const running = fit(model, samples(8), { loss: meanSquaredError, optimizer, accumulate: 2 });
    await expect(running).rejects.toThrow("[fit] the loss does not depend on Parameter 'unused.kernel'.");
  });

  test('a last shard that is too small for BatchNorm is refused before the first step', async () => {
    const model = new Sequential([new Dense(3, 2), new BatchNorm(2), new Dense(2, 1)]);
    const optimizer = new Adam(model.parameters());
    const running = fit(model, samples(19), {
      loss: meanSquaredError,
      optimizer,
      batchSize: 8,
      accumulate: 2,
    });
    await expect(running).rejects.toThrow('a training batch [1, 2] with 1 value per channel has no variance');
    expect(optimizer.step).toBe(0);
  });
});
