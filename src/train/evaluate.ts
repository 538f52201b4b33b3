import { ArrayDataset, type Data, type Dataset, openDataset } from '../data/dataset.ts';
import { checkCount, checkOptions, checkSignal, type Known } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import { inference } from '../layers/base/context.ts';
import { lossTerms } from '../losses/loss-terms.ts';
import type { Metric } from '../metrics/metric.ts';
import { realize } from '../tensor/evaluate.ts';
import type { Signal } from '../util/host-types.ts';
import { EventLoopYielder } from './event-loop-yielder.ts';
import {
  callModel,
  checkLoss,
  checkMetrics,
  checkModel,
  checkWhole,
  type LossFunction,
  type Model,
  objective,
  results,
} from './model.ts';
import { RunningLoss, termTensors } from './running-loss.ts';

export interface EvaluateOptions {
  /** Reported as `loss`, including the model's penalty. Without it the result has no `loss`. */
  readonly loss?: LossFunction;
  /** Reported under their names. They are reset first, and keep their values afterwards. */
  readonly metrics?: readonly Metric[];
  /** Samples in a batch, 256 by default. Not for data that are batches already. */
  readonly batchSize?: number;
  /** Stops between two batches. The promise rejects with the signal's reason. */
  readonly signal?: Signal;
}

const evaluateOptions: Known<EvaluateOptions> = { loss: 0, metrics: 0, batchSize: 0, signal: 0 };

/**
 * Evaluates a model in inference mode: without Dropout and without updates. The loss is that of all samples at once, for
 * any batch size: with class weights the mean divides by the sum of all weights, and with reduction `sum` the loss is
 * the sum over all samples. So are sums and multiples of such losses. Any other function counts as a mean over the
 * samples of its batch.
 *
 * @returns `loss` and each metric by its name.
 * @throws ShapeError, ValueError if data or options do not fit.
 */
export async function evaluate(
  model: Model,
  data: Data,
  options: EvaluateOptions = {},
): Promise<Record<string, number>> {
  checkModel('evaluate', model);
  checkOptions('evaluate', options, evaluateOptions);
  checkCount('evaluate', arguments.length, 3);
  const { loss, metrics = [], batchSize = 1 } = options;
  if (loss !== undefined) checkLoss('evaluate', loss);
  checkMetrics('evaluate', metrics);
  checkWhole('evaluate', 'batchSize', batchSize, 1);
  checkSignal('evaluate', options.signal);
  const dataset = await openDataset('evaluate', data);
  if (options.batchSize !== undefined && !(dataset instanceof ArrayDataset)) {
    throw new ValueError(
      '[evaluate] got batchSize with data that are batches already. Leave it out, or pass all samples at once: { x, y }.',
    );
  }
  return evaluateOn('evaluate', model, dataset, options);
}

/** `evaluate` for an open dataset. */
export async function evaluateOn(
  operation: string,
  model: Model,
  dataset: Dataset,
  { loss, metrics = [], batchSize = 256, signal }: EvaluateOptions,
  { epoch = 0, yielder = new EventLoopYielder() } = {},
): Promise<Record<string, number>> {
  const mean = new RunningLoss();
  for (const metric of metrics) metric.reset();
  for await (const batch of dataset.batches({ batchSize, epoch })) {
    signal?.throwIfAborted();
    const predictions = callModel(model, batch.x, inference);
    if (loss === undefined) {
      await realize(predictions);
    } else {
      const value = objective(operation, model, loss, predictions, batch);
      const terms = lossTerms(value);
      await realize(value, ...termTensors(terms), ...(metrics.length > 0 ? [predictions] : []));
      await mean.add((await value.data())[0]!, terms, batch.weight);
    }
    for (const metric of metrics) await metric.update(predictions, batch.y, batch.sampleWeights);
    await yielder.yieldIfDue();
  }
  signal?.throwIfAborted();
  return loss === undefined ? results(metrics) : { loss: mean.result(), ...results(metrics) };
}
