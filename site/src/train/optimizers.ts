import {
  Adagrad,
  Adam,
  AdamW,
  Lion,
  NAdam,
  type Optimizer,
  type Parameter,
  RMSprop,
  type Schedule,
  SGD,
} from 'ndgrad';

type Rate = number | Schedule;

/** An optimizer to choose: how it is made, and the TypeScript for it. */
interface OptimizerChoice {
  readonly title: string;
  /** The name of the class, and what its options have besides the learning rate. */
  readonly code: readonly [name: string, options: string];
  make(parameters: readonly Parameter[], learningRate: Rate): Optimizer;
}

export const optimizers = {
  adam: {
    title: 'Adam',
    code: ['Adam', ''],
    make: (parameters, learningRate) => new Adam(parameters, { learningRate }),
  },
  adamw: {
    title: 'AdamW',
    code: ['AdamW', ''],
    make: (parameters, learningRate) => new AdamW(parameters, { learningRate }),
  },
  nadam: {
    title: 'NAdam',
    code: ['NAdam', ''],
    make: (parameters, learningRate) => new NAdam(parameters, { learningRate }),
  },
  rmsprop: {
    title: 'RMSprop',
    code: ['RMSprop', ''],
    make: (parameters, learningRate) => new RMSprop(parameters, { learningRate }),
  },
  adagrad: {
    title: 'Adagrad',
    code: ['Adagrad', ''],
    make: (parameters, learningRate) => new Adagrad(parameters, { learningRate }),
  },
  lion: {
    title: 'Lion',
    code: ['Lion', ''],
    make: (parameters, learningRate) => new Lion(parameters, { learningRate }),
  },
  momentum: {
    title: 'SGD with momentum',
    code: ['SGD', ', momentum: 0.9'],
    make: (parameters, learningRate) => new SGD(parameters, { learningRate, momentum: 0.9 }),
  },
  sgd: {
    title: 'SGD',
    code: ['SGD', ''],
    make: (parameters, learningRate) => new SGD(parameters, { learningRate }),
  },
} satisfies Record<string, OptimizerChoice>;

export type OptimizerName = keyof typeof optimizers;

/** Their titles by their names, for a list. */
export const optimizerTitles = Object.fromEntries(
  Object.entries(optimizers).map(([name, { title }]) => [name, title]),
) as Record<OptimizerName, string>;
