import {
  Adam,
  Dense,
  Dropout,
  decodeMnist,
  Sequential,
  scalePixels,
  seed,
  softmaxCrossEntropy,
} from './ndgrad.min.js';

const file = async (name) => new Uint8Array(await (await fetch(`./${name}`)).arrayBuffer());

/** The reference network, on 10,000 digits. */
export async function setup() {
  const names = ['trainImages', 'trainLabels', 'testImages', 'testLabels'];
  const files = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await file(name)])));
  const { test } = await decodeMnist(files);
  seed(1);
  const model = new Sequential([
    new Dense(784, 128, { activation: 'relu' }),
    new Dropout(0.2),
    new Dense(128, 128, { activation: 'relu' }),
    new Dropout(0.2),
    new Dense(128, 10),
  ]);
  const optimizer = new Adam(model.parameters());
  const data = { x: scalePixels(test.images), y: test.labels };
  return { model, data, options: { loss: softmaxCrossEntropy, optimizer, epochs: 2, batchSize: 128 } };
}
