/**
 * A variational autoencoder (Kingma & Welling 2014) of MNIST digits: 784-256-8-256-784.
 *
 *     npx tsx examples/vae.ts
 */
import { fileURLToPath } from 'node:url';
import {
  Adam,
  binaryCrossEntropy,
  type Context,
  Dense,
  Generator,
  inference,
  Layer,
  Sequential,
  seed,
  type Tensor,
  tensor,
  training,
} from 'ndgrad';
import { scalePixels } from 'ndgrad/data';
import { loadMnist } from 'ndgrad/node';

const LATENT = 8;

class Vae extends Layer {
  static override readonly kind: string = 'Vae';
  readonly encoder = new Sequential([
    new Dense(784, 256, { activation: 'relu' }),
    new Dense(256, 2 * LATENT),
  ]);
  readonly decoder = new Sequential([new Dense(LATENT, 256, { activation: 'relu' }), new Dense(256, 784)]);

  /** The mean and the logarithm of the variance of the code. */
  encode(x: Tensor, ctx: Context): [mean: Tensor, logVariance: Tensor] {
    const code = this.encoder.call(x, ctx);
    return [code.slice([], [0, LATENT]), code.slice([], [LATENT, 2 * LATENT])];
  }

  forward(x: Tensor, ctx: Context): Tensor {
    return this.decoder.call(this.encode(x, ctx)[0], ctx);
  }

  /** The negative evidence lower bound of a batch, in nats per image. */
  loss(x: Tensor, ctx: Context, random: Generator): Tensor {
    const [mean, logVariance] = this.encode(x, ctx);
    const code = mean.add(logVariance.mul(0.5).exp().mul(random.normal(mean.shape)));
    const logits = this.decoder.call(code, ctx);
    const reconstruction = binaryCrossEntropy(logits, x).mul(784);
    const divergence = mean.square().add(logVariance.exp()).sub(logVariance).sub(1).mul(0.5);
    return reconstruction.add(divergence.sum(1).mean());
  }
}

const BATCH = 100;

/** Returns the loss of the test images after training. */
export async function trainVae({ images = 10_000, tests = 2000, epochs = 10 } = {}): Promise<number> {
  seed(1);
  const mnist = await loadMnist();
  const pixels = (split: typeof mnist.train, count: number): Tensor => {
    const bytes = split.images.data.subarray(0, count * 784);
    const { data, shape } = scalePixels({ data: bytes, shape: [count, 784] });
    return tensor(data, { shape });
  };
  const x = pixels(mnist.train, images);
  const test = pixels(mnist.test, tests);
  const model = new Vae();
  const optimizer = new Adam(model.parameters(), { learningRate: 0.001 });
  const random = new Generator(2);
  for (let epoch = 0; epoch < epochs; epoch++) {
    const shuffled = x.take(tensor(random.permutation(images)), 0);
    for (let i = 0; i < images; i += BATCH)
      await optimizer.minimize(model.loss(shuffled.slice([i, i + BATCH]), training({ rng: random }), random));
    console.log(`epoch ${epoch + 1}: ${model.loss(test, inference, random).item().toFixed(1)} nats`);
  }
  return model.loss(test, inference, random).item();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await trainVae();
