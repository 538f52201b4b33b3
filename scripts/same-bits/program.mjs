import {
  Activation,
  Adam,
  BatchNorm,
  backendInfo,
  Conv2D,
  Dense,
  Dropout,
  Flatten,
  fit,
  Generator,
  MaxPool2D,
  Parameter,
  Sequential,
  schedules,
  seed,
  softmaxCrossEntropy,
  tensor,
  training,
  WeightAverage,
} from 'ndgrad';
import { augmentImages } from 'ndgrad/data';

const BATCH = 300;
const FEATURES = 160;

/**
 * Ten training steps with a lookup table, Dropout, Adam and a cosine schedule, then a convolutional network on augmented
 * images, for Node and for browsers. The sizes are large enough for several threads, and no multiples of the block sizes.
 * Returns a hash of all losses, predictions and trained values, and the backend, its threads and the time.
 */
export async function train() {
  seed(7);
  const random = new Generator(11);
  const table = new Parameter(random.normal([37, FEATURES]), { name: 'table' });
  const model = new Sequential([
    new Dense(FEATURES, 150, { activation: 'gelu' }),
    new Dropout(0.2),
    new Dense(150, 70, { activation: 'tanh' }),
    new Dense(70, 10),
  ]);
  const parameters = [table, ...model.parameters()];
  const optimizer = new Adam(parameters, { learningRate: schedules.cosineDecay({ rate: 0.01, steps: 10 }) });
  const context = training({ rng: new Generator(13) });
  const labels = tensor(Int32Array.from({ length: BATCH }, (_, i) => i % 10));
  const rows = tensor(Int32Array.from({ length: BATCH }, (_, i) => (i * i) % 37));

  const values = [];
  const start = performance.now();
  for (let step = 0; step < 10; step++) {
    const noise = random.normal([BATCH, FEATURES]);
    const x = noise.add(table.take(rows));
    const loss = softmaxCrossEntropy(model.forward(x, context), labels, { labelSmoothing: 0.1 });
    await optimizer.minimize(loss);
    values.push((await loss.data()).slice());
    // Synchronous: the main thread of a page must not block on other threads.
    values.push(model.call(noise).dataSync().slice());
  }
  if (!(values.at(-2)[0] < values[0][0])) throw new Error('the loss has not fallen');
  parameters.push(...(await trainConvolutions(random)));
  const milliseconds = Math.round(performance.now() - start);
  for (const parameter of parameters) values.push((await parameter.data()).slice());
  const digest = await crypto.subtle.digest('SHA-256', await new Blob(values).arrayBuffer());
  const hash = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const { name, threads, reason } = backendInfo();
  return { hash, name, threads, reason, milliseconds };
}

/** Trains for two epochs. Returns the trained Parameters. */
async function trainConvolutions(random) {
  const x = await random.uniform([150, 15, 14, 1]).data();
  const y = Int32Array.from({ length: 150 }, (_, i) => i % 3);
  const model = new Sequential([
    new Conv2D(1, 9, 3, { padding: 'same', bias: false }),
    new BatchNorm(9),
    new Activation('relu'),
    new MaxPool2D(2),
    new Conv2D(9, 20, 3, { stride: 2, activation: 'relu' }),
    new Flatten(),
    new Dense(180, 3),
  ]);
  const parameters = model.parameters();
  const changes = { shift: 0.1, rotation: 20, scale: 0.1, shear: 5, elastic: { alpha: 8, sigma: 3 } };
  await fit(
    model,
    augmentImages({ x: tensor(x, { shape: [150, 15, 14, 1] }), y }, { ...changes, batchSize: 50, seed: 5 }),
    {
      loss: softmaxCrossEntropy,
      optimizer: new Adam(parameters, { learningRate: 0.01 }),
      average: new WeightAverage(parameters, { decay: 0.9 }),
      epochs: 2,
      seed: 3,
      progress: false,
    },
  );
  return parameters;
}
