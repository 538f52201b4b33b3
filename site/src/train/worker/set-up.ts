import {
  Accuracy,
  backendInfo,
  checkpoint,
  diagnostics,
  explain,
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
import type { Question, Report, TrainingMessage } from '../reports.ts';
import { loadData, type TestSamples } from './data.ts';
import { evaluation } from './evaluation.ts';
import { firstLayer } from './first-layer.ts';
import { KernelClock } from './kernel-times.ts';

/** The training that runs or has ended, from its first step on. */
let current: { readonly model: Sequential; readonly test: TestSamples; readonly clock: KernelClock } | null =
  null;

/** Ends loading: training begins with the digits that are there. */
let beginNow = (): void => {};

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
  const model = buildModel(blueprint(network, initializer));
  const clock = new KernelClock();
  current = { model, test: data.test, clock };
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
        clock.callback,
      ],
      ...(checkpoints !== null && {
        checkpoint: checkpoint(opfsStore(checkpoints), { every: { steps: 200 } }),
        ...(resume && { resume: 'auto' as const }),
      }),
    },
  };
}

/** The answer to a question of the page; null if there is none. */
export async function answer(question: Question): Promise<Report | null> {
  if (question.kind === 'begin') beginNow();
  if (question.kind === 'begin' || current === null) return null;
  if (question.kind === 'kernel times') return current.clock.measure();
  return firstLayer(current.model, current.test, question.place);
}
