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

/** The mean accuracies on 5 to 9, over some seeds: with the features of 0 to 4, and trained from scratch. */
export async function transfer({ before = 5000, examples = 25, tests = 2000, epochs = 60, seeds = 5 } = {}) {
  const mnist = await loadMnist();
  const first = digits(mnist.train, 0, before);
  const few = digits(mnist.train, 5, examples * seeds);
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
  const sums = { transferred: 0, fromScratch: 0 };
  for (let i = 0; i < seeds; i++) {
    seed(i);
    const rows: [number, number] = [i * examples, (i + 1) * examples];
    const own = { x: few.x.slice(rows), y: few.y.slice(rows) };
    const accuracyOf = async (features: Layer): Promise<number> => {
      const model = new Sequential([features, new Dense(400, 5)]);
      await train(model, own, epochs);
      return (await evaluate(model, test, options)).accuracy!;
    };
    const features = makeFeatures();
    await train(new Sequential([features, new Dense(400, 5)]), first, 6);
    features.freeze();
    const [transferred, fromScratch] = [await accuracyOf(features), await accuracyOf(makeFeatures())];
    console.log(`seed ${i}: ${transferred.toFixed(3)} transferred, ${fromScratch.toFixed(3)} from scratch`);
    sums.transferred += transferred / seeds;
    sums.fromScratch += fromScratch / seeds;
  }
  return sums;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await transfer());
