import { Adam, Dense, Generator, meanSquaredError, Sequential, seed } from 'ndgrad';

/** A small training, for workers and for pages. */
export function setup({ epochs }) {
  seed(1);
  const model = new Sequential([new Dense(3, 50, { activation: 'tanh' }), new Dense(50, 1)]);
  const x = new Generator(5).uniform([200, 3], -1, 1);
  const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
  const options = { loss: meanSquaredError, optimizer, epochs, batchSize: 50, progress: false };
  return { model, data: { x, y: x.sum(1, { keepDims: true }).sin() }, options };
}
