// Ten training steps with Dropout, Adam and a cosine schedule. Prints a hash of all losses and trained values.
import { createHash } from 'node:crypto';
import {
  Adam,
  cosineDecay,
  Dense,
  Dropout,
  Generator,
  Sequential,
  seed,
  softmaxCrossEntropy,
  tensor,
  training,
} from 'ndgrad';

seed(7);
const random = new Generator(11);
const model = new Sequential([
  new Dense(64, 48, { activation: 'gelu' }),
  new Dropout(0.2),
  new Dense(48, 32, { activation: 'tanh' }),
  new Dense(32, 10),
]);
const optimizer = new Adam(model.parameters(), { learningRate: cosineDecay({ rate: 0.01, steps: 10 }) });
const context = training({ rng: new Generator(13) });
const labels = tensor(Int32Array.from({ length: 96 }, (_, i) => i % 10));

const hash = createHash('sha256');
for (let step = 0; step < 10; step++) {
  const x = random.normal([96, 64]);
  const loss = softmaxCrossEntropy(model.forward(x, context), labels, { labelSmoothing: 0.1 });
  await optimizer.minimize(loss);
  hash.update(await loss.data());
}
for (const parameter of model.parameters()) hash.update(await parameter.data());
console.log(hash.digest('hex'));
