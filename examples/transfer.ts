/**
 * Transfer learning: a network that has learned the digits 0 to 4 learns 5 to 9 from a few examples. Its first layers are frozen, and it gets a new head.
 *
 *     npx tsx examples/transfer.ts
 */
import { fileURLToPath } from 'node:url';
import {
  Accuracy,
  Adam,
  Conv2D,
  Dense,
  evaluate,
  Flatten,
  fit,
  type Layer,
  MaxPool2D,
  Sequential,
  seed,
  softmaxCrossEntropy,
  type Tensor,
  tensor,
} from 'ndgrad';
import { loadMnist } from 'ndgrad/node';

interface Digits {
  readonly x: Tensor;
  readonly y: Tensor;
}

/** The first images of five digits, which are the classes 0 to 4. */
function digits(split: Awaited<ReturnType<typeof loadMnist>>['train'], first: number, count: number): Digits {
  const { images, labels } = split;
  const rows: number[] = [];
  for (let i = 0; i < labels.data.length && rows.length < count; i++)
    if (labels.data[i]! >= first && labels.data[i]! < first + 5) rows.push(i);
  const pixels = new Float32Array(rows.length * 784);
  rows.forEach((row, i) => {
    for (let p = 0; p < 784; p++) pixels[i * 784 + p] = images.data[row * 784 + p]! / 255;
  });
  const classes = Int32Array.from(rows, (row) => labels.data[row]! - first);
  return { x: tensor(pixels, { shape: [rows.length, 28, 28, 1] }), y: tensor(classes) };
}

async function train(model: Layer, data: Digits, epochs: number): Promise<void> {
  const optimizer = new Adam(model.parameters(), { learningRate: 0.002 });
  await fit(model, data, { loss: softmaxCrossEntropy, optimizer, epochs, batchSize: 25, progress: false });
}

/** The accuracies on 5 to 9: with the features of 0 to 4, and trained from scratch. */
export async function transfer({ before = 5000, examples = 25, tests = 2000, epochs = 60 } = {}): Promise<{
  readonly transferred: number;
  readonly fromScratch: number;
}> {
  seed(1);
  const mnist = await loadMnist();
  const few = digits(mnist.train, 5, examples);
  const test = digits(mnist.test, 5, tests);
  const makeFeatures = (): Layer =>
    new Sequential([
      new Conv2D(1, 8, 3, { activation: 'relu' }),
      new MaxPool2D(2),
      new Conv2D(8, 16, 3, { activation: 'relu' }),
      new MaxPool2D(2),
      new Flatten(),
    ]);
  const options = { loss: softmaxCrossEntropy, metrics: [new Accuracy()] };
  const accuracy = async (model: Layer) => (await evaluate(model, test, options)).accuracy!;

  const features = makeFeatures();
  await train(new Sequential([features, new Dense(400, 5)]), digits(mnist.train, 0, before), 2);
  features.freeze();
  const transferred = new Sequential([features, new Dense(400, 5)]);
  await train(transferred, few, epochs);
  const fromScratch = new Sequential([makeFeatures(), new Dense(400, 5)]);
  await train(fromScratch, few, epochs);
  return { transferred: await accuracy(transferred), fromScratch: await accuracy(fromScratch) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await transfer());
