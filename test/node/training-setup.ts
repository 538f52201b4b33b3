import { Adam, Dense, Generator, type Layer, meanSquaredError, Sequential, seed } from 'ndgrad';
import type { TrainingSetup } from 'ndgrad/node';

/** What goes wrong after the first epoch, if anything. */
export type Mishap = 'nothing' | 'exit' | 'uncaught';

const mishaps: Record<Mishap, () => void> = {
  nothing: () => {},
  exit: () => process.exit(3),
  uncaught: () => {
    setTimeout(() => {
      throw new Error('nobody listens');
    });
  },
};

export function network(): Layer {
  seed(1);
  return new Sequential([new Dense(3, 8, { activation: 'tanh' }), new Dense(8, 1)]);
}

export function setup({ mishap, epochs }: { mishap: Mishap; epochs: number }): TrainingSetup {
  const model = network();
  const x = new Generator(5).uniform([64, 3], -1, 1);
  return {
    model,
    data: { x, y: x.sum(1, { keepDims: true }).sin() },
    options: {
      loss: meanSquaredError,
      optimizer: new Adam(model.parameters()),
      epochs,
      callbacks: [{ onEpochEnd: ({ epoch }) => void (epoch === 0 && mishaps[mishap]()) }],
    },
  };
}
