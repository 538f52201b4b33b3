/**
 * Trains the model that ships with the page, and writes it to site/models with its accuracy beside it. The same version of
 * ndgrad gives the same file on every machine.
 *
 *     npx tsx site/scripts/model.ts
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import {
  Accuracy,
  Activation,
  Adam,
  Conv2D,
  Dense,
  Dropout,
  evaluate,
  Flatten,
  fit,
  type Layer,
  loadModel,
  MaxPool2D,
  Reshape,
  Sequential,
  saveModel,
  schedules,
  seed,
  softmaxCrossEntropy,
  tensor,
} from 'ndgrad';
import { augmentImages, type MnistSplit, scalePixels } from 'ndgrad/data';
import { readSafetensors, writeSafetensors } from 'ndgrad/io';
import { loadMnist, saveFile } from 'ndgrad/node';

const SEED = 1;
const EPOCHS = 12;
const BATCH_SIZE = 128;

const models = fileURLToPath(new URL('../models/', import.meta.url));

function toTensors({ images, labels }: MnistSplit) {
  const { data, shape } = scalePixels(images);
  return { x: tensor(data, { shape, copy: false }), y: tensor(labels.data) };
}

/** A small LeNet: 57 thousand numbers. */
const build = () =>
  new Sequential([
    new Reshape([28, 28, 1]),
    new Conv2D(1, 16, 5),
    new MaxPool2D(2),
    new Activation('relu'),
    new Conv2D(16, 32, 3),
    new MaxPool2D(2),
    new Activation('relu'),
    new Flatten(),
    new Dense(800, 64, { activation: 'relu' }),
    new Dropout(0.2),
    new Dense(64, 10),
  ]);

/** The file of a model with its numbers rounded to float16, which halves it. */
async function halved(model: Layer): Promise<Uint8Array> {
  const { entries, metadata, read } = await readSafetensors(await saveModel(model));
  const tensors = await Promise.all(
    [...entries.keys()].map(async (name) => [name, await read(name)] as const),
  );
  return writeSafetensors(Object.fromEntries(tensors), { metadata, dtype: 'float16' });
}

const { train, test } = await loadMnist();
const { x, y } = toTensors(train);
const heldOut = toTensors(test);

seed(SEED);
const model = build();
const steps = EPOCHS * Math.ceil(train.labels.data.length / BATCH_SIZE);
const changes = { shift: 0.06, rotation: 12, scale: 0.12, shear: 10 };
await fit(
  model,
  augmentImages({ x: x.reshape([-1, 28, 28]), y }, { ...changes, batchSize: BATCH_SIZE, seed: SEED }),
  {
    loss: softmaxCrossEntropy,
    optimizer: new Adam(model.parameters(), { learningRate: schedules.oneCycle({ peak: 0.005, steps }) }),
    metrics: [new Accuracy()],
    epochs: EPOCHS,
    seed: SEED,
    progress: true,
  },
);

const file = `${models}digits.safetensors`;
await saveFile(file, await halved(model));
const bytes = await readFile(file);
const { model: shipped } = await loadModel(bytes);
const { loss, accuracy } = await evaluate(shipped, heldOut, {
  loss: softmaxCrossEntropy,
  metrics: [new Accuracy()],
});
const facts = {
  about: 'two convolutions of 16 and 32, one hidden layer of 64; trained on augmented images',
  parameters: model.parameters().reduce((sum, { size }) => sum + size, 0),
  bytes: bytes.length,
  epochs: EPOCHS,
  seed: SEED,
  testAccuracy: accuracy,
  testLoss: loss,
};
await saveFile(`${models}digits.json`, new TextEncoder().encode(`${JSON.stringify(facts, null, 2)}\n`));
console.log(facts);
