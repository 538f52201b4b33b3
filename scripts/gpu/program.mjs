import {
  Adam,
  backendInfo,
  Conv2D,
  Dense,
  Dropout,
  Flatten,
  Generator,
  MaxPool2D,
  Sequential,
  seed,
  softmaxCrossEntropy,
  tensor,
  training,
} from 'ndgrad';

const BATCH = 32;

/** Trains a small dense and a small convolutional network, ten steps each. Returns all losses, the backend and the time. */
export async function train() {
  seed(7);
  const random = new Generator(11);
  const labels = tensor(Int32Array.from({ length: BATCH }, (_, i) => i % 5));
  const start = performance.now();
  const losses = [];
  const models = [
    [new Dense(20, 33, { activation: 'tanh' }), new Dropout(0.2), new Dense(33, 5)],
    [new Conv2D(1, 6, 3, { activation: 'relu' }), new MaxPool2D(2), new Flatten(), new Dense(54, 5)],
  ];
  const shapes = [
    [BATCH, 20],
    [BATCH, 8, 8, 1],
  ];
  for (const [i, layers] of models.entries()) {
    const model = new Sequential(layers);
    const optimizer = new Adam(model.parameters(), { learningRate: 0.01 });
    const context = training({ rng: new Generator(13) });
    const x = random.normal(shapes[i]);
    const first = losses.length;
    for (let step = 0; step < 10; step++) {
      const loss = softmaxCrossEntropy(model.forward(x, context), labels);
      await optimizer.minimize(loss);
      losses.push((await loss.data())[0]);
    }
    if (!(losses.at(-1) < losses[first])) throw new Error(`the loss has not fallen: ${losses}`);
  }
  const { name, reason } = backendInfo();
  return { losses, name, reason, milliseconds: Math.round(performance.now() - start) };
}
