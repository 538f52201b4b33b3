import {
  Adam,
  Dense,
  Dropout,
  Generator,
  Sequential,
  seed,
  softmaxCrossEntropy,
  tensor,
  training,
} from 'ndgrad';

/** What a page needs to train a small network on its own data. */
export async function train(pixels: Float32Array, labels: Int32Array, epochs: number) {
  seed(1);
  const model = new Sequential([
    new Dense(784, 128, { activation: 'relu' }),
    new Dropout(0.2),
    new Dense(128, 10),
  ]);
  const optimizer = new Adam(model.parameters(), { learningRate: 1e-3 });
  const context = training({ rng: new Generator(1) });
  const x = tensor(pixels, { shape: [labels.length, 784] });
  const y = tensor(labels);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const loss = softmaxCrossEntropy(model.forward(x, context), y);
    await optimizer.minimize(loss);
    console.log(loss.item());
  }
}
