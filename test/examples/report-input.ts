import type { ReportInput, ReportModel } from '../../examples/mnist/report/input.ts';

/** A confusion matrix with `right` on the diagonal and, in each row, one kind of mistake, `wrong` times. */
function confusion(right: number, wrong: number): number[][] {
  return Array.from({ length: 10 }, (_, truth) =>
    Array.from({ length: 10 }, (_, predicted) =>
      predicted === truth ? right : predicted === (truth + 1) % 10 ? wrong : 0,
    ),
  );
}

function model(id: string, wrong: number, parameters: number, seconds: number): ReportModel {
  const accuracy = 1 - wrong / 1000;
  const hash = (digit: string) => `${digit}0123456789abcdef`.padEnd(64, '7');
  return {
    id,
    about: `about ${id}`,
    parameters,
    epochs: 3,
    trainingSeconds: seconds,
    secondsPerEpoch: seconds / 3,
    runs: [
      { seeds: [1], accuracy, macroF1: accuracy - 0.0001, loss: 0.0321, parametersHash: hash('a') },
      { seeds: [2], accuracy: accuracy - 0.0004, macroF1: accuracy, loss: 0.0323, parametersHash: hash('b') },
    ],
    accuracy: { mean: accuracy - 0.0002, deviation: 0.00028 },
    interval: [accuracy - 0.0031, accuracy + 0.0021],
    macroF1: { mean: accuracy - 0.0001, deviation: 0.0001 },
    loss: { mean: 0.0322, deviation: 0.0002 },
    history: {
      loss: [0.5, 0.2, 0.1],
      accuracy: [0.85, 0.93, 0.96],
      val_loss: [0.3, 0.15, 0.12],
      val_accuracy: [0.9, 0.95, 0.955],
    },
    confusion: confusion(1000 - wrong, wrong),
    classes: Array.from({ length: 10 }, (_, i) => ({
      precision: accuracy,
      recall: accuracy,
      f1: accuracy - i / 10_000,
    })),
  };
}

/** A picture that gets darker from left to right. */
const pixels = Uint8Array.from({ length: 784 }, (_, i) => (i % 28) * 9);

/** The input of a report with three models and all optional parts. The best model is the second one. */
export function completeInput(): ReportInput {
  return {
    dataset: {
      name: 'MNIST',
      classes: [...'0123456789'],
      trainingImages: 55_000,
      validationImages: 5000,
      testImages: 10_000,
    },
    mode: 'full',
    command: 'npm run mnist -- --full --models "a,b"',
    seeds: [1, 2],
    trainingSeconds: 1598,
    versions: {
      ndgrad: '0.1.0',
      node: 'v20.20.2',
      backend: 'wasm',
      threads: 2,
      cpu: 'A Processor <64-bit>',
      date: '2025-11-02T23:30:00Z',
    },
    models: [
      model('softmax', 80, 7850, 4.2),
      { ...model('cnn', 4, 1_199_882, 754), secondsTo99: 31.4 },
      model('wide', 20, 669_706, 41),
    ],
    published: [
      {
        name: 'one CNN',
        about: 'of others',
        accuracy: 0.99641,
        deviation: 0.00047,
        source: 'A & B',
        url: 'https://example.org/?a=1&b=2',
      },
      { name: 'Keras', about: 'a tutorial', accuracy: 0.9742, parameters: 118_282, source: 'printed' },
      { name: 'unnamed', about: 'without a source', accuracy: 0.97, loss: 0.0987 },
    ],
    mcnemar: [
      [1, 1e-30, 0.3],
      [1e-30, 1, 0.021],
      [0.3, 0.021, 1],
    ],
    misclassified: {
      model: 'cnn',
      images: [
        { pixels, index: 4201, label: 4, predicted: 9, predictedProbability: 0.6, labelProbability: 0.4 },
        {
          pixels,
          index: 8,
          label: 5,
          predicted: 6,
          predictedProbability: 0.99983,
          labelProbability: 0.00017,
        },
      ],
    },
    firstLayers: [
      {
        model: 'softmax',
        shape: [784, 10],
        values: Float32Array.from({ length: 7840 }, (_, i) => Math.sin(i)),
        names: [...'0123456789'],
      },
      {
        model: 'wide',
        shape: [784, 30],
        values: Float32Array.from({ length: 23_520 }, (_, i) => Math.cos(i)),
      },
      { model: 'cnn', shape: [3, 3, 1, 8], values: Float32Array.from({ length: 72 }, (_, i) => (i % 8) - 4) },
    ],
  };
}

/** The smallest input of a report: one model, one run, no curves. */
export function leastInput(): ReportInput {
  const { dataset, versions } = completeInput();
  const one = model('softmax', 80, 7850, 4.2);
  return {
    dataset: { ...dataset, validationImages: undefined },
    mode: 'quick',
    command: 'npm run mnist -- --quick',
    seeds: [1],
    trainingSeconds: 4.2,
    versions,
    models: [
      {
        ...one,
        runs: one.runs.slice(0, 1),
        accuracy: { mean: 0.92 },
        macroF1: { mean: 0.9199 },
        loss: { mean: 0.0321 },
        history: {},
      },
    ],
  };
}
