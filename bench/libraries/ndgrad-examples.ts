import type { Layer, Optimizer, Parameter } from '../../src/index.ts';
import type { PreparedTask } from '../library-program.ts';
import { type ExampleNetwork, type FitTask, randomSamples } from '../task.ts';
import type { Ndgrad } from './ndgrad-module.ts';

/** The networks of examples/mnist/models.ts, which cannot be imported here, since it imports the package by its name. */
function layers(ndgrad: Ndgrad, network: ExampleNetwork): Layer[] {
  const { Activation, BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D, Reshape } = ndgrad;
  const relu = { activation: 'relu' } as const;
  const block = (from: number, to: number, size: number, padding: 'valid' | 'same') => [
    new Conv2D(from, to, size, { padding, bias: false, kernelInitializer: 'heNormal' }),
    new BatchNorm(to),
    new Activation('relu'),
  ];
  if (network === 'reference') {
    return [new Dense(784, 128, relu), new Dropout(0.2), new Dense(128, 128, relu), new Dense(128, 10)];
  }
  if (network === 'lenet') {
    return [
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
    ];
  }
  return [
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
  ];
}

/** Epochs of `fit`, each over all batches. The result is the loss of the first epoch of a new network. */
export function fitting(ndgrad: Ndgrad, { network, batch, batches }: FitTask): PreparedTask {
  const { Accuracy, Adam, fit, Sequential, seed, softmaxCrossEntropy, tensor } = ndgrad;
  const { x, labels } = randomSamples(batch * batches, 784, 10);
  const data = { x: tensor(x, { shape: [batch * batches, 784], copy: false }), y: tensor(labels) };
  const make = () => {
    seed(1);
    const model = new Sequential(layers(ndgrad, network));
    return { model, optimizer: optimizerOf(model.parameters()) };
  };
  const optimizerOf = (parameters: readonly Parameter[]): Optimizer =>
    new Adam(parameters, { learningRate: 1e-3 });
  const train = async ({ model, optimizer }: ReturnType<typeof make>, epochs: number) =>
    fit(model, data, {
      loss: softmaxCrossEntropy,
      optimizer,
      metrics: [new Accuracy()],
      epochs,
      batchSize: batch,
      seed: 1,
      progress: false,
    });
  const timed = make();
  return {
    run: async (times) => {
      await train(timed, times);
    },
    result: async () => (await train(make(), 1)).history.loss!,
  };
}
