import {
  Activation,
  Adam,
  Dense,
  Dropout,
  Generator,
  matmul,
  Sequential,
  seed,
  softmaxCrossEntropy,
  tensor,
  training,
} from 'ndgrad';
import { medians } from './measure.ts';

const batch = 512;

/**
 * One training step of the reference model, and the share of it that its matrix products alone would take.
 */
export async function benchStep(): Promise<void> {
  seed(1);
  const model = new Sequential([
    new Dense(784, 128),
    new Activation('relu'),
    new Dropout(0.2),
    new Dense(128, 128),
    new Activation('relu'),
    new Dense(128, 10),
  ]);
  const optimizer = new Adam(model.parameters(), { learningRate: 1e-3 });
  const random = new Generator(2);
  const context = training({ rng: random });
  const x = tensor(random.uniform([batch, 784]).dataSync(), { shape: [batch, 784] });
  const labels = tensor(Int32Array.from({ length: batch }, (_, i) => i % 10));
  const products = stepProducts(random);
  const [step, bare] = await medians([
    () => optimizer.minimize(softmaxCrossEntropy(model.call(x, context), labels), { context }),
    () => {
      for (const [a, b] of products) matmul(a, b).dataSync();
    },
  ]);
  console.log(`\ntraining step, 784-128-128-10 with Dropout and Adam, batch ${batch}`);
  console.log(
    `  step ${(step! * 1000).toFixed(1)} ms, epoch of 60,000 ${((step! * 60000) / batch).toFixed(1)} s`,
  );
  console.log(
    `  its matrix products alone ${(bare! * 1000).toFixed(1)} ms; step / products ${(step! / bare!).toFixed(2)}`,
  );
}

/**
 * The matrix products of one step: three forward, three for the weights' gradients, two for the activations'.
 */
function stepProducts(random: Generator) {
  const layers = [
    [784, 128],
    [128, 128],
    [128, 10],
  ] as const;
  const leaf = (rows: number, columns: number) =>
    tensor(random.uniform([rows, columns]).dataSync(), { shape: [rows, columns] });
  return layers.flatMap(([inputs, outputs], i) => {
    const x = leaf(batch, inputs);
    const w = leaf(inputs, outputs);
    const g = leaf(batch, outputs);
    const forwardAndWeights = [
      [x, w],
      [x.transpose(), g],
    ] as const;
    return i === 0 ? forwardAndWeights : [...forwardAndWeights, [g, w.transpose()] as const];
  });
}
