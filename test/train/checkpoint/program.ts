import type { Data } from '../../../src/data/dataset.ts';
import { BatchNorm, Dense, Dropout, Flatten, type Layer, Sequential } from '../../../src/layers/index.ts';
import { softmaxCrossEntropy } from '../../../src/losses/index.ts';
import { Accuracy } from '../../../src/metrics/classification/accuracy.ts';
import { ConfusionMatrix } from '../../../src/metrics/classification/confusion-matrix.ts';
import { Adam, SGD, schedules, WeightAverage } from '../../../src/optim/index.ts';
import { defaultGenerator, Generator, seed } from '../../../src/tensor/random.ts';
import {
  type Callback,
  earlyStopping,
  type FitOptions,
  fit,
  type History,
  learningRateLogger,
} from '../../../src/train/index.ts';

const random = new Generator(2);
const labelled = (x: ReturnType<Generator['normal']>) => ({
  x,
  y: x.square().sum(1).greater(2.4).cast('int32'),
});

/** 36 samples for batches of 6, the third of which has no weight. */
export const samples = {
  ...labelled(random.normal([36, 3])),
  sampleWeights: Float32Array.from({ length: 36 }, (_, i) =>
    Math.floor(i / 6) === 2 ? 0 : 0.5 + (i % 4) / 4,
  ),
};
const validationData = labelled(random.normal([14, 3]));

/** What a program that trains two models ends with. */
export interface Outcome {
  /** The bits of all values of both models and of the optimizer, and the state of the default generator. */
  readonly bits: readonly number[];
  readonly history: unknown;
  readonly callbackCalls: readonly string[];
}

const bitsOf = (arrays: Iterable<ArrayLike<number>>): number[] =>
  [...arrays].flatMap((values) => [...new Uint32Array(Float32Array.from(values).buffer)]);

/** Another training of the first model. */
export interface Variation {
  /** In the place of the samples. */
  readonly data?: () => Data;
  readonly options?: Partial<FitOptions>;
  /** Whether the weights are averaged; true by default. */
  readonly averaged?: boolean;
  /** Changes the model before training. */
  readonly prepare?: (model: Layer) => void;
  /** Made for each program. */
  readonly callbacks?: () => Callback[];
}

/**
 * A program that trains a model with everything that `fit` remembers, and then a second model, whose seed comes from the
 * default generator.
 */
export async function trainTwoModels(
  first: Partial<FitOptions>,
  { data, options = {}, averaged = true, prepare, callbacks }: Variation = {},
): Promise<Outcome> {
  seed(11);
  const model = new Sequential([
    new Flatten(),
    new Dense(3, 8, { activation: 'tanh', bias: false }),
    new BatchNorm(8),
    new Dropout(0.25),
    new Dense(8, 2),
  ]);
  prepare?.(model);
  const calls: string[] = [];
  const optimizer = new Adam(model.parameters(), {
    learningRate: schedules.cosineDecay({ rate: 0.05, steps: 40 }),
    clip: { globalNorm: 1 },
  });
  const history = await fit(model, data?.() ?? samples, {
    loss: softmaxCrossEntropy,
    optimizer,
    ...(averaged && { average: new WeightAverage(model.parameters(), { decay: 0.8 }) }),
    metrics: [new Accuracy(), new ConfusionMatrix({ numClasses: 2 })],
    epochs: 4,
    ...(data === undefined && { batchSize: 6 }),
    validationData,
    progress: false,
    ...options,
    ...first,
    callbacks: [
      earlyStopping({ patience: 1, monitor: 'val_loss' }),
      learningRateLogger(),
      { onBatchEnd: ({ epoch, batch }) => void calls.push(`${epoch}/${batch}`) },
      ...(callbacks?.() ?? []),
      ...(first.callbacks ?? []),
    ],
  });

  const second = new Dense(3, 2);
  await fit(second, samples, {
    loss: softmaxCrossEntropy,
    optimizer: new SGD(second.parameters(), { learningRate: 0.1 }),
    batchSize: 12,
    progress: false,
  });
  const state = await optimizer.getState();
  const parameters = [...model.parameters(), ...second.parameters()];
  const arrays = [
    ...(await Promise.all(parameters.map((p) => p.data()))),
    ...Object.values(state.parameters).flatMap(({ slots }) => Object.values(slots)),
  ];
  const { counter } = defaultGenerator().getState();
  return { bits: [...bitsOf(arrays), state.step, counter], history: plain(history), callbackCalls: calls };
}

const plain = ({ history, epochs, stopped }: History) => ({ history, epochs, stopped });
