import { Accuracy, Adam, Dense, Generator, type Layer, Sequential, seed, softmaxCrossEntropy } from 'ndgrad';
import type { TrainingSetup } from 'ndgrad/browser';

/** What happens after the first epoch besides training. */
export type Mishap = 'nothing' | 'close' | 'uncaught' | 'own message';

const mishaps: Record<Mishap, () => void> = {
  nothing: () => {},
  close: () => globalThis.close(),
  uncaught: () => {
    setTimeout(() => {
      throw new Error('nobody listens');
    });
  },
  'own message': () => globalThis.postMessage('hi'),
};

export interface Request {
  readonly mishap: Mishap;
  readonly epochs: number;
}

/** The reference network, on noise. */
export function network(): Layer {
  seed(1);
  return new Sequential([
    new Dense(784, 128, { activation: 'relu' }),
    new Dense(128, 128, { activation: 'relu' }),
    new Dense(128, 10),
  ]);
}

export function setup({ mishap, epochs }: Request): TrainingSetup {
  const model = network();
  const x = new Generator(5).uniform([1024, 784]);
  return {
    model,
    data: { x, y: x.slice([], [0, 10]).argmax(1) },
    options: {
      loss: softmaxCrossEntropy,
      optimizer: new Adam(model.parameters()),
      metrics: [new Accuracy()],
      epochs,
      batchSize: 128,
      progress: false,
      callbacks: [{ onEpochEnd: ({ epoch }) => void (epoch === 0 && mishaps[mishap]()) }],
    },
  };
}
