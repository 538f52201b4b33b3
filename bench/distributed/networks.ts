import {
  BatchNorm,
  Conv2D,
  Dense,
  Embedding,
  Flatten,
  Generator,
  type Layer,
  LayerNorm,
  MaxPool2D,
  PositionEmbedding,
  Reshape,
  Sequential,
  type Tensor,
  TransformerBlock,
  tensor,
} from 'ndgrad';

export interface Network {
  readonly name: string;
  readonly title: string;
  /** Samples of a shard in the cost model. */
  readonly shardSize: number;
  build(): Layer;
  data(samples: number): { readonly x: Tensor; readonly y: Int32Array | Tensor };
}

/** Random images of 28 x 28 with ten classes. */
const images = (samples: number) => ({
  x: new Generator(1).normal([samples, 784]),
  y: Int32Array.from({ length: samples }, (_, i) => i % 10),
});

/** 784-...-10. */
export const mlp = (...widths: number[]): Network => ({
  name: 'mlp',
  title: `MLP 784-${widths.join('-')}-10`,
  shardSize: 64,
  build: () =>
    new Sequential([
      ...widths.map((width, i) => new Dense(i === 0 ? 784 : widths[i - 1]!, width, { activation: 'relu' })),
      new Dense(widths.at(-1)!, 10),
    ]),
  data: images,
});

export const convnet: Network = {
  name: 'convnet',
  title: 'convolutional network (16 and 32 channels, BatchNorm)',
  shardSize: 64,
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
  data: images,
};

const [characters, length] = [65, 64];

/** A GPT on 65 characters with sequences of 64. */
export const gpt = (layers: number, width: number, shardSize: number): Network => ({
  name: 'gpt',
  title: `GPT, ${layers} layers of width ${width}`,
  shardSize,
  build: () =>
    new Sequential([
      new Embedding(characters, width),
      new PositionEmbedding(length, width),
      ...Array.from({ length: layers }, () => new TransformerBlock(width, width / 64, { causal: true })),
      new LayerNorm(width),
      new Dense(width, characters),
    ]),
  data: (samples) => {
    const tokens = Int32Array.from({ length: samples * length }, (_, i) => (i * i + i) % characters);
    const shape = [samples, length] as const;
    return { x: tensor(tokens, { shape }), y: tensor(tokens, { shape }) };
  },
});

/** The networks of the tables. */
export const networks = { mlp: mlp(128, 128), wide: mlp(512, 512), convnet, gpt: gpt(6, 384, 4) };
