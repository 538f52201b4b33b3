import { createHash } from 'node:crypto';
import { augmentImages } from '../../../src/data.ts';
import {
  Accuracy,
  Adam,
  BatchNorm,
  type Callback,
  Conv2D,
  checkpoint,
  Dense,
  Dropout,
  defaultGenerator,
  earlyStopping,
  Flatten,
  fit,
  MaxPool2D,
  Reshape,
  Sequential,
  schedules,
  seed,
  setThreads,
  softmaxCrossEntropy,
  tensor,
  WeightAverage,
} from '../../../src/index.ts';
import { loadMnist } from '../../../src/node.ts';
import { folderStore } from './folder-store.ts';

// Trains two models on some digits of MNIST, and kills itself at the event with the given number: in a step, in validation, in
// all stages of writing, between training and the second model. Without a kill it prints the number of events and a hash of
// everything that it has computed.

const [folder, killAt, threads, random] = process.argv.slice(2) as [string, string, string, string];
let events = 0;
function event(_what: string): void {
  if (++events === Number(killAt)) process.kill(process.pid, 'SIGKILL');
}

setThreads(Number(threads));
const { train, test } = await loadMnist();
const digits = ({ images, labels }: typeof train, from: number, count: number) => ({
  x: tensor(
    Float32Array.from(images.data.subarray(784 * from, 784 * (from + count)), (pixel) => pixel / 255),
  ).reshape([count, 784]),
  y: tensor(Int32Array.from(labels.data.subarray(from, from + count))),
});
const count = 320;
const samples = {
  ...digits(train, 0, count),
  // The third batch has no weight.
  sampleWeights: Float32Array.from({ length: count }, (_, i) => (Math.floor(i / 32) === 2 ? 0 : 1 + (i % 3))),
};

class CountedAccuracy extends Accuracy {
  static override readonly kind = 'CountedAccuracy';
  override async update(...batch: Parameters<Accuracy['update']>): Promise<void> {
    event('metric'); // of training and of validation
    await super.update(...batch);
    event('metric');
  }
}

const counting: Callback = {
  onTrainBegin: () => event('begin'),
  onBatchEnd: () => event('step'),
  onEpochEnd: () => event('epoch'),
  onTrainEnd: () => event('end'),
};

seed(Number(random));
const model = new Sequential([
  new Reshape([28, 28, 1]),
  new Conv2D(1, 8, 5, { bias: false }),
  new BatchNorm(8),
  new MaxPool2D(4),
  new Flatten(),
  new Dropout(0.3),
  new Dense(288, 10),
]);
const images = { ...samples, x: samples.x.reshape([count, 28, 28]) };
const { history, epochs, stopped } = await fit(
  model,
  augmentImages(images, {
    batchSize: 32,
    shift: 0.1,
    rotation: 10,
    shuffle: false,
    elastic: { alpha: 8, sigma: 4 },
  }),
  {
    loss: softmaxCrossEntropy,
    optimizer: new Adam(model.parameters(), { learningRate: schedules.oneCycle({ peak: 0.02, steps: 60 }) }),
    average: new WeightAverage(model.parameters(), { decay: 0.9 }),
    metrics: [new CountedAccuracy()],
    epochs: 5,
    validationData: digits(test, 0, 300),
    callbacks: [earlyStopping({ monitor: 'val_accuracy', patience: 2 }), counting],
    progress: false,
    checkpoint: checkpoint(folderStore(folder, event), { every: { steps: 3 }, keep: 2, monitor: 'val_loss' }),
    resume: 'auto',
  },
);

event('between');
const second = new Dense(784, 10);
await fit(second, samples, {
  loss: softmaxCrossEntropy,
  optimizer: new Adam(second.parameters()),
  batchSize: 64,
  callbacks: [counting],
  progress: false,
});

const hash = createHash('sha256');
for (const p of [...model.parameters(), ...second.parameters()])
  hash.update(new Uint8Array(p.dataSync().buffer));
hash.update(JSON.stringify([history, epochs, stopped, defaultGenerator().getState()]));
console.log(JSON.stringify({ events, hash: hash.digest('hex'), epochs: epochs.length }));
