import {
  Accuracy,
  backendInfo,
  checkpoint,
  diagnostics,
  explain,
  type Parameter,
  type Sequential,
  seed,
  softmaxCrossEntropy,
  stopOnNaN,
  zeros,
} from 'ndgrad';
import { opfsStore, type TrainingSetup } from 'ndgrad/browser';
import { rateOf } from '../configuration.ts';
import { blueprint, buildModel } from '../network/blueprint.ts';
import { optimizers } from '../optimizers.ts';
import type { Report, TrainingMessage } from '../reports.ts';
import { loadData } from './data.ts';
import { evaluation } from './evaluation.ts';

let model: Sequential | null = null;

/** Ends loading: training begins with the digits that are there. */
export let beginNow = (): void => {};

/** The arguments of `fit` for a message of the page. */
export async function setUp(
  message: TrainingMessage,
  report: (content: Report) => void,
): Promise<TrainingSetup> {
  const { configuration, digits, checkpoints, resume } = message;
  const { batchSize, epochs, initializer, network, optimizer, order } = configuration;
  const data = await loadData(configuration, digits, {
    enough: new Promise((resolve) => {
      beginNow = resolve;
    }),
    onProgress: (progress) => report({ kind: 'loading', ...progress }),
  });
  seed(configuration.seed);
  model = buildModel(blueprint(network, initializer));
  const plan = explain(model.call(zeros([batchSize, 784])));
  const { name, threads } = backendInfo();
  report({ kind: 'prepared', shards: data.shards, backend: name, threads, plan });
  const loss = softmaxCrossEntropy;
  return {
    model,
    data: data.train,
    options: {
      loss,
      optimizer: optimizers[optimizer].make(model.parameters(), rateOf(configuration)),
      metrics: [new Accuracy()],
      epochs,
      batchSize,
      shuffle: order === 'shuffled',
      progress: false,
      callbacks: [
        evaluation(model, data.test, report),
        diagnostics({ data: data.train, loss, warn: (text) => report({ kind: 'warning', text }) }),
        stopOnNaN(),
      ],
      ...(checkpoints !== null && {
        checkpoint: checkpoint(opfsStore(checkpoints), { every: { steps: 200 } }),
        ...(resume && { resume: 'auto' as const }),
      }),
    },
  };
}

/** The kernel of the first layer with weights, as it is between two steps. */
export async function currentFilters(): Promise<Extract<Report, { kind: 'filters' }> | null> {
  const kernel = model?.parameters().find(isFilter);
  if (kernel === undefined) return null;
  return { kind: 'filters', values: (await kernel.data()) as Float32Array, shape: kernel.shape };
}

/** Whether its inputs are pixels. */
const isFilter = ({ shape }: Parameter): boolean =>
  (shape.length === 2 && shape[0] === 784) || (shape.length === 4 && shape[2] === 1);
