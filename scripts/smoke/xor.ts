import { Adam, binaryCrossEntropy, Dense, Sequential, seed, type Tensor, tensor } from 'ndgrad';
import { gradcheck } from 'ndgrad/testing';

async function main(): Promise<void> {
  seed(1);
  const x: Tensor = tensor([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]);
  const y: Tensor = tensor([[0], [1], [1], [0]]);
  const model = new Sequential([new Dense(2, 8, { activation: 'tanh' }), new Dense(8, 1)]);
  const optimizer = new Adam(model.parameters(), { learningRate: 0.05 });
  let loss = Number.NaN;
  for (let step = 0; step < 300; step++) {
    const error = binaryCrossEntropy(model.call(x), y);
    await optimizer.minimize(error);
    loss = error.item();
  }
  const predictions: number[] = Array.from(await model.call(x).sigmoid().round().data());
  if (!(loss < 0.05)) throw new Error(`XOR: loss ${loss} after 300 steps`);
  if (predictions.join() !== '0,1,1,0') throw new Error(`XOR: predictions ${predictions}`);
  if ((await y.toNdarray()).get(2, 0) !== 1) throw new Error('XOR: toNdarray');
  // Fails if the entry points do not share the class Tensor.
  await gradcheck((a: Tensor) => a.tanh().sum(), [tensor([0.5, -1])]);
  console.log(`XOR learned, loss ${loss}`);
}

void main();
