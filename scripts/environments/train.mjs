// Trains a network on two threads, reads gzip data and augments images in a worker. Returns what must be the same in every
// environment.
import {
  Accuracy,
  Adam,
  backendInfo,
  Dense,
  Dropout,
  fit,
  Generator,
  Sequential,
  seed,
  setThreads,
  softmaxCrossEntropy,
  tensor,
} from 'ndgrad';
import { augmentImages, decodeIdx } from 'ndgrad/data';

const hash = (values) =>
  new Uint32Array(values.buffer, values.byteOffset, values.length).reduce(
    (sum, bits) => (Math.imul(sum, 31) + bits) | 0,
    0,
  );

/** Three bytes as IDX, compressed by Python's gzip. */
const idx = Uint8Array.from(atob('H4sIAAAAAAACA2Ng4GBkYGBgZmRiBgCL5b2kCwAAAA=='), (character) =>
  character.charCodeAt(0),
);

export async function train() {
  seed(1);
  setThreads(2);
  const x = new Generator(1).normal([4096, 200]);
  const y = x.sum(1).greater(0).cast('int32');
  const model = new Sequential([
    new Dense(200, 256, { activation: 'relu' }),
    new Dropout(0.2),
    new Dense(256, 2),
  ]);
  const { history } = await fit(
    model,
    { x, y },
    {
      loss: softmaxCrossEntropy,
      optimizer: new Adam(model.parameters()),
      epochs: 2,
      batchSize: 512,
      metrics: [new Accuracy()],
      progress: false,
    },
  );
  const images = {
    x: tensor(
      Float32Array.from({ length: 784_000 }, (_, i) => i % 251),
      { shape: [1000, 28, 28] },
    ),
    y: tensor(new Int32Array(1000)),
  };
  const augmented = augmentImages(images, { seed: 5, rotation: 10, batchSize: 500, workers: 1 });
  const pixels = [];
  for await (const batch of augmented(0)) pixels.push(hash(await batch.x.data()));
  return {
    loss: history.loss,
    weights: hash(await model.parameters()[0].data()),
    pixels,
    bytes: Array.from((await decodeIdx(idx)).data),
    backend: backendInfo().name,
    threads: backendInfo().threads,
    workerError: augmented.workerError,
  };
}
