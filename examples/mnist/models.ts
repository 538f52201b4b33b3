import {
  Activation,
  Adam,
  BatchNorm,
  Conv2D,
  Dense,
  Dropout,
  Flatten,
  type Layer,
  LSTM,
  MaxPool2D,
  type Optimizer,
  type Parameter,
  Reshape,
  Sequential,
  schedules,
} from 'ndgrad';
import type { AugmentOptions } from 'ndgrad/data';
import type { Mode } from './flags.ts';

type PerMode = Readonly<Record<Mode, number>>;

/**
 * A network and its training. A resumed run reuses a network of an earlier run only if the source text of `build` and of
 * the recipe is the same, so all settings are written inside of them.
 */
export interface Network {
  readonly about: string;
  /** Whether it is trained only if `--models` names it. */
  readonly onlyNamed?: boolean;
  /** Builds a model from images [N, 784] or [N, 28, 28] to logits [N, 10]. */
  build(): Layer;
  readonly recipe: Recipe;
  /** The number of trainings, each with the next seed. */
  readonly runs: PerMode;
}

export interface Recipe {
  readonly epochs: PerMode;
  /** The number of training images that are held out for validation. */
  readonly validation: PerMode;
  readonly batchSize: number;
  optimizer(parameters: readonly Parameter[], steps: number): Optimizer;
  readonly augment?: AugmentOptions;
  readonly labelSmoothing?: number;
  /** Decay of an exponential moving average of the weights, which is then used for evaluation. */
  readonly averageDecay?: number;
}

/** The mean of the probabilities of several runs of one network. */
export interface Ensemble {
  readonly about: string;
  readonly onlyNamed?: boolean;
  /** The network and its name. */
  readonly of: readonly [name: string, network: Network];
  readonly members: PerMode;
}

export type Model = Network | Ensemble;

const runs = { quick: 1, standard: 1, full: 3 };
const relu = { activation: 'relu' } as const;

/** Ten epochs on all training images with none held out, as in published results. */
const mlp: Recipe = {
  epochs: { quick: 4, standard: 10, full: 10 },
  validation: { quick: 5000, standard: 0, full: 0 },
  batchSize: 512,
  optimizer: (parameters) => new Adam(parameters, { learningRate: 1e-3 }),
};

const cnn: Network = {
  about: 'four batch-normalized convolutions of 32 to 128, on augmented images',
  build: () => {
    const block = (from: number, to: number, size: number, padding: 'valid' | 'same') => [
      new Conv2D(from, to, size, { padding, bias: false, kernelInitializer: 'heNormal' }),
      new BatchNorm(to),
      new Activation('relu'),
    ];
    return new Sequential([
      new Reshape([28, 28, 1]),
      ...block(1, 32, 5, 'valid'),
      new MaxPool2D(2),
      ...block(32, 64, 3, 'valid'),
      ...block(64, 64, 3, 'valid'),
      new MaxPool2D(2),
      ...block(64, 128, 3, 'same'),
      new Flatten(),
      new Dropout(0.3),
      new Dense(2048, 10),
    ]);
  },
  recipe: {
    epochs: { quick: 1, standard: 3, full: 15 },
    validation: { quick: 5000, standard: 5000, full: 0 },
    batchSize: 128,
    optimizer: (parameters, steps) =>
      new Adam(parameters, { learningRate: schedules.oneCycle({ peak: 0.005, steps }) }),
    augment: { shift: 0.08, rotation: 10, scale: 0.1, shear: 8 },
    labelSmoothing: 0.05,
    averageDecay: 0.999,
  },
  runs,
};

/** All models of the example, by their ids on the command line. */
export const models: Readonly<Record<string, Model>> = {
  softmax: {
    about: 'softmax regression',
    build: () => new Sequential([new Dense(784, 10)]),
    recipe: mlp,
    runs,
  },
  hidden: {
    about: 'one hidden layer of 128',
    build: () => new Sequential([new Dense(784, 128, relu), new Dense(128, 10)]),
    recipe: mlp,
    runs,
  },
  reference: {
    about: 'two hidden layers of 128, Dropout 0.2 after the first',
    build: () =>
      new Sequential([
        new Dense(784, 128, relu),
        new Dropout(0.2),
        new Dense(128, 128, relu),
        new Dense(128, 10),
      ]),
    recipe: mlp,
    runs,
  },
  nodropout: {
    about: 'the reference without Dropout',
    build: () => new Sequential([new Dense(784, 128, relu), new Dense(128, 128, relu), new Dense(128, 10)]),
    recipe: mlp,
    runs,
  },
  wide: {
    about: 'two hidden layers of 512',
    build: () => new Sequential([new Dense(784, 512, relu), new Dense(512, 512, relu), new Dense(512, 10)]),
    recipe: mlp,
    runs,
  },
  lenet: {
    about: 'two convolutions of 24 and 32, one hidden layer of 256',
    build: () =>
      new Sequential([
        new Reshape([28, 28, 1]),
        new Conv2D(1, 24, 5),
        new MaxPool2D(2),
        new Activation('relu'),
        new Conv2D(24, 32, 3),
        new MaxPool2D(2),
        new Activation('relu'),
        new Flatten(),
        new Dense(800, 256, relu),
        new Dense(256, 10),
      ]),
    recipe: {
      // Source: tuomaso/train_mnist_fast: 99.0 % after one epoch, 99.2 % after two.
      epochs: { quick: 2, standard: 3, full: 10 },
      validation: { quick: 5000, standard: 5000, full: 0 },
      batchSize: 256,
      optimizer: (parameters, steps) =>
        new Adam(parameters, { learningRate: schedules.oneCycle({ peak: 0.01, steps }), betas: [0.7, 0.9] }),
    },
    runs,
  },
  lstm: {
    about: 'an LSTM of 128 that reads an image row by row',
    onlyNamed: true,
    build: () => new Sequential([new Reshape([28, 28]), new LSTM(28, 128), new Dense(128, 10)]),
    recipe: {
      epochs: { quick: 3, standard: 5, full: 15 },
      validation: { quick: 5000, standard: 5000, full: 0 },
      batchSize: 128,
      optimizer: (parameters, steps) =>
        new Adam(parameters, { learningRate: schedules.oneCycle({ peak: 0.005, steps }) }),
    },
    runs,
  },
  cnn,
  ensemble: {
    about: 'the mean of several cnn',
    of: ['cnn', cnn],
    members: { quick: 2, standard: 3, full: 3 },
  },
};
