/**
 * A generative adversarial network (Goodfellow et al. 2014) of MNIST digits: a generator 32-256-784 against a discriminator
 * 784-256-1.
 *
 *     npx tsx examples/gan.ts
 */
import { fileURLToPath } from 'node:url';
import {
  Adam,
  binaryCrossEntropy,
  Dense,
  fit,
  Generator,
  type Layer,
  ones,
  Sequential,
  seed,
  softmaxCrossEntropy,
  type Tensor,
  tensor,
  zeros,
} from 'ndgrad';
import { scalePixels } from 'ndgrad/data';
import { loadMnist } from 'ndgrad/node';

const LATENT = 32;
const BATCH = 100;

const adversary = (model: Layer, learningRate: number): Adam =>
  new Adam(model.parameters(), { learningRate, betas: [0.5, 0.999] });

/**
 * The inception score (Salimans et al. 2016) of images that a classifier has given these logits: 10 if it is certain of each
 * image and sees all ten digits equally often, 1 if it is not certain, or sees one digit only.
 */
function scoreOf(logits: Tensor): number {
  const p = logits.softmax();
  const divergence = p.mul(logits.logSoftmax().sub(p.mean(0).log())).sum(1);
  return divergence.mean().exp().item();
}

/** Returns the generator and the scores of its images and of as many images of the test data. */
export async function trainGan({ images = 10_000, tests = 2000, epochs = 10, rate = 0.0005 } = {}) {
  seed(1);
  const mnist = await loadMnist();
  const pixels = (split: typeof mnist.train, count: number): Tensor => {
    const bytes = split.images.data.subarray(0, count * 784);
    const { data, shape } = scalePixels({ data: bytes, shape: [count, 784] });
    return tensor(data, { shape });
  };
  const x = pixels(mnist.train, images);
  const y = tensor(mnist.train.labels.data.subarray(0, images));
  const classifier = new Sequential([new Dense(784, 64, { activation: 'relu' }), new Dense(64, 10)]);
  const optimizer = new Adam(classifier.parameters());
  await fit(classifier, { x, y }, { loss: softmaxCrossEntropy, optimizer, epochs: 5, progress: false });
  const real = scoreOf(classifier.call(pixels(mnist.test, tests)));

  const generator = new Sequential([
    new Dense(LATENT, 256, { activation: 'relu' }),
    new Dense(256, 784, { activation: 'sigmoid' }),
  ]);
  const discriminator = new Sequential([new Dense(784, 256, { activation: 'leakyRelu' }), new Dense(256, 1)]);
  const generatorAdam = adversary(generator, rate);
  const discriminatorAdam = adversary(discriminator, rate);
  const random = new Generator(2);
  const generated = (count: number): Tensor => generator.call(random.normal([count, LATENT]));
  const [isReal, isGenerated] = [ones([BATCH, 1]), zeros([BATCH, 1])];
  let score = 1;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const shuffled = x.take(tensor(random.permutation(images)), 0);
    for (let i = 0; i < images; i += BATCH) {
      const batch = shuffled.slice([i, i + BATCH]);
      const found = binaryCrossEntropy(discriminator.call(batch), isReal);
      const fooled = binaryCrossEntropy(discriminator.call(generated(BATCH).detach()), isGenerated);
      await discriminatorAdam.minimize(found.add(fooled));
      await generatorAdam.minimize(binaryCrossEntropy(discriminator.call(generated(BATCH)), isReal));
    }
    score = scoreOf(classifier.call(generated(tests)));
    console.log(`epoch ${epoch + 1}: score ${score.toFixed(2)}, real digits ${real.toFixed(2)}`);
  }
  return { generator, score, real };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await trainGan();
