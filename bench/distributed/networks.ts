import { BatchNorm, Conv2D, Dense, Flatten, type Layer, MaxPool2D, Reshape, Sequential } from 'ndgrad';

/** A network for images of 28 x 28 with ten classes, and the batches that it is trained with. */
export interface Network {
  readonly name: string;
  readonly title: string;
  readonly batchSize: number;
  readonly steps: number;
  build(): Layer;
}

/** An MLP 784-...-10. */
export const mlp = (name: string, widths: readonly number[], batchSize: number, steps: number): Network => ({
  name,
  title: `MLP 784-${widths.join('-')}-10, batches of ${batchSize}`,
  batchSize,
  steps,
  build: () =>
    new Sequential([
      ...widths.map((width, i) => new Dense(i === 0 ? 784 : widths[i - 1]!, width, { activation: 'relu' })),
      new Dense(widths.at(-1)!, 10),
    ]),
});

export const convnet = (batchSize: number, steps: number): Network => ({
  name: 'convnet',
  title: `convolutional network (16 and 32 channels, BatchNorm), batches of ${batchSize}`,
  batchSize,
  steps,
  build: () =>
    new Sequential([
      new Reshape([28, 28, 1]),
      new Conv2D(1, 16, 3, { activation: 'relu' }),
      new BatchNorm(16),
      new MaxPool2D(2),
      new Conv2D(16, 32, 3, { activation: 'relu' }),
      new MaxPool2D(2),
      new Flatten(),
      new Dense(800, 10),
    ]),
});
