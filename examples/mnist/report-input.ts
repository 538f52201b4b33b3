import { cpus } from 'node:os';
import { describeBackend } from './backend.ts';
import type { Pair } from './compare.ts';
import type { Data } from './data.ts';
import type { Flags } from './flags.ts';
import { version } from './network-store.ts';
import type { FirstLayer, Misclassified, PublishedResult, ReportInput, ReportModel } from './report/input.ts';
import { mostAccurate, type Outcome } from './results.ts';
import { classScores } from './scores.ts';
import { publishedReference } from './table.ts';

const notebook = {
  source: 'C. Deotte, MNIST-CNN-99.75',
  url: 'https://github.com/cdeotte/MNIST-CNN-99.75',
};
const published: readonly PublishedResult[] = [
  {
    name: 'Dense network',
    about: 'three Dense layers with Dropout, 10 epochs; reference is the same network',
    ...publishedReference,
  },
  {
    name: 'CNN',
    about: 'seven batch-normalized convolutions, augmented; 1500 networks',
    accuracy: 0.99641,
    deviation: 0.00047,
    ...notebook,
  },
  {
    name: 'Ensemble',
    about: 'fifteen of these, 100 times',
    accuracy: 0.99745,
    deviation: 0.0002,
    ...notebook,
  },
  {
    name: 'One-epoch CNN',
    about: 'two convolutions, one epoch; 30 networks',
    accuracy: 0.99041,
    deviation: 0.00066,
    source: 'train_mnist_fast',
    url: 'https://github.com/tuomaso/train_mnist_fast',
  },
];

/** The input of the report for a run. `args` are the arguments after `npm run mnist --`. */
export function reportInput(
  flags: Flags<unknown>,
  data: Data,
  outcomes: readonly Outcome[],
  pairs: readonly Pair[],
  args: readonly string[] = process.argv.slice(2),
): ReportInput {
  const networks = outcomes.flatMap((outcome) => outcome.networks);
  // Some models are trained on more images, for comparison with published results. Their description says so.
  const training = Math.min(...outcomes.map(({ result }) => result.trainingImages));
  const validation = Math.max(...outcomes.map(({ result }) => result.validationImages));
  const runs = Math.max(...outcomes.map(({ networks }) => networks.length));
  return {
    dataset: {
      name: data.name,
      classes: data.classes,
      trainingImages: training,
      validationImages: validation || undefined,
      testImages: data.test.labels.length,
    },
    mode: flags.mode === 'standard' ? 'default' : flags.mode,
    command: ['npm run mnist', ...(args.length > 0 ? ['--'] : []), ...args.map(quote)].join(' '),
    seeds: Array.from({ length: runs }, (_, i) => flags.seed + i),
    versions: {
      ndgrad: version,
      node: process.version,
      ...describeBackend(),
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      date: networks
        .map(({ date }) => date)
        .sort()
        .at(-1)!,
    },
    trainingSeconds: [...new Set(networks)].reduce((sum, { seconds }) => sum + seconds, 0),
    models: outcomes.map((outcome) => reportModel(outcome, training)),
    published: data.name === 'MNIST' ? published : undefined,
    mcnemar: matrix(outcomes, pairs),
    misclassified: misclassified(outcomes, data),
    firstLayers: outcomes.flatMap((outcome) => firstLayer(outcome, data)),
  };
}

/** Quotes an argument for a shell. */
const quote = (arg: string) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`);

function reportModel({ about, result, networks }: Outcome, training: number): ReportModel {
  const { name, overall, test, trainingImages, seconds, ...rest } = result;
  const more = trainingImages > training ? `, on ${trainingImages.toLocaleString('en-US')} images` : '';
  return {
    id: name,
    about: about + more,
    parameters: rest.parameters,
    epochs: rest.epochs,
    trainingSeconds: seconds,
    secondsPerEpoch: rest.secondsPerEpoch,
    secondsTo99: rest.secondsTo99,
    // An ensemble is one run of several networks.
    runs: rest.runs.map((run) => ({
      ...run,
      seeds: rest.runs.length > 1 ? [run.seed] : networks.map(({ configuration }) => configuration.seed),
    })),
    ...overall,
    history: rest.history,
    confusion: test.confusion,
    classes: classScores(test.confusion),
  };
}

function matrix(outcomes: readonly Outcome[], pairs: readonly Pair[]): number[][] | undefined {
  if (outcomes.length < 2) return undefined;
  const names = outcomes.map(({ result }) => result.name);
  return names.map((a) =>
    names.map(
      (b) => pairs.find(({ models }) => models.includes(a) && models.includes(b) && a !== b)?.pValue ?? 1,
    ),
  );
}

/** The test images that the most accurate model misclassified. */
function misclassified(outcomes: readonly Outcome[], { test }: Data): Misclassified {
  const { result, probabilities } = mostAccurate(outcomes);
  const images = result.predictions.flatMap((predicted, index) => {
    const label = test.labels[index]!;
    if (predicted === label) return [];
    return {
      pixels: test.pixels.subarray(784 * index, 784 * (index + 1)),
      index,
      label,
      predicted,
      predictedProbability: probabilities[10 * index + predicted]!,
      labelProbability: probabilities[10 * index + label]!,
    };
  });
  return { model: result.name, images };
}

/** The first layer of the first run. An ensemble has none, and neither has a model that reads an image in rows. */
function firstLayer({ result, networks }: Outcome, { classes }: Data): FirstLayer[] {
  const { configuration, firstLayer } = networks[0]!;
  const isRows = firstLayer.shape.length === 2 && firstLayer.shape[0] !== 784;
  if (configuration.model !== result.name || isRows) return [];
  const shape = firstLayer.shape as FirstLayer['shape'];
  const names = shape.length === 2 && shape[1] === classes.length ? classes : undefined;
  return [{ model: result.name, shape, values: firstLayer.values, names }];
}
