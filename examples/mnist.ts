/**
 * Trains networks on the 60,000 handwritten digits of MNIST and compares them on 10,000 others.
 *
 *     npm run mnist
 *     npm run mnist -- --models softmax,reference --epochs 3
 *     npm run mnist -- --help
 */
import {
  Accuracy,
  Adam,
  backendInfo,
  ConfusionMatrix,
  Dense,
  Dropout,
  evaluate,
  F1,
  fit,
  normalize,
  predict,
  Sequential,
  seed,
  setBackend,
  setThreads,
  softmaxCrossEntropy,
  tensor,
} from 'ndgrad';
import { loadMnist, type MnistSplit } from 'ndgrad/node';
import { command } from './mnist/command.ts';
import { type ModelResult, parametersHash, writeResults } from './mnist/results.ts';
import { table } from './mnist/table.ts';

const relu = { activation: 'relu' } as const;

const models = {
  softmax: {
    about: 'softmax regression',
    build: () => new Sequential([new Dense(784, 10)]),
  },
  hidden: {
    about: 'one hidden layer of 128',
    build: () => new Sequential([new Dense(784, 128, relu), new Dense(128, 10)]),
  },
  reference: {
    about: 'two hidden layers of 128, Dropout 0.2 after the first',
    build: () =>
      new Sequential([
        new Dense(784, 128, relu),
        new Dropout(0.2),
        new Dense(128, 128, relu),
        new Dense(128, 10),
      ]),
  },
  nodropout: {
    about: 'the reference without Dropout',
    build: () => new Sequential([new Dense(784, 128, relu), new Dense(128, 128, relu), new Dense(128, 10)]),
  },
  wide: {
    about: 'two hidden layers of 512',
    build: () => new Sequential([new Dense(784, 512, relu), new Dense(512, 512, relu), new Dense(512, 10)]),
  },
};

/** The first digits as a network takes them: x is float32 [count, 784] from 0 to 1, y the classes [count]. */
function digits({ images, labels }: MnistSplit, count: number) {
  const { data, shape } = normalize(images);
  const x = tensor(data, { shape, copy: false });
  const y = tensor(labels.data);
  return { x: x.slice([0, count]), y: y.slice([0, count]) };
}

await command(models, async (flags) => {
  const { epochs, batchSize } = flags;
  if (flags.backend !== undefined) await setBackend(flags.backend);
  if (flags.threads !== undefined) setThreads(flags.threads);
  const mnist = await loadMnist({ dir: flags.data });
  const train = digits(mnist.train, flags.limit);
  const test = digits(mnist.test, 10_000);
  console.log(`MNIST from ${mnist.source}`);

  const results: ModelResult[] = [];
  for (const [name, { about, build }] of flags.models) {
    seed(flags.seed); // for each model anew, so that none depends on those before it
    const model = build();
    const parameters = model.parameters().reduce((sum, { size }) => sum + size, 0);
    console.log(`\n${name}: ${about}, ${parameters.toLocaleString('en-US')} parameters`);

    const start = performance.now();
    const { history } = await fit(model, train, {
      loss: softmaxCrossEntropy,
      optimizer: new Adam(model.parameters(), { learningRate: 1e-3 }),
      metrics: [new Accuracy()],
      epochs,
      batchSize,
      seed: flags.seed,
      progress: true,
    });
    const secondsPerEpoch = (performance.now() - start) / 1000 / epochs;

    const accuracy = new Accuracy();
    const f1 = new F1({ numClasses: 10, average: 'macro' });
    const confusion = new ConfusionMatrix({ numClasses: 10 });
    const metrics = [accuracy, f1, confusion];
    const scores = await evaluate(model, test, { loss: softmaxCrossEntropy, metrics });
    const logits = await predict(model, test.x);
    results.push({
      name,
      parameters,
      epochs,
      secondsPerEpoch,
      history,
      test: {
        loss: scores.loss!,
        accuracy: accuracy.result(),
        macroF1: f1.result(),
        confusion: confusion.matrix,
      },
      predictions: Array.from(await logits.argmax(1).data()),
      parametersHash: await parametersHash(model.namedParameters()),
    });
  }

  console.log(`\n${table(results)}`);
  const { name: backend, threads } = backendInfo();
  const path = await writeResults(flags.out, { seed: flags.seed, backend, threads, models: results });
  console.log(`\nWritten to ${path}`);
});
