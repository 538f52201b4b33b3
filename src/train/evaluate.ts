import { ArrayDataset, type Data, type Dataset, openDataset } from '../data/dataset.ts';
import { ValueError } from '../ir/errors.ts';
import { inference } from '../layers/base/context.ts';
import { Mean, type Metric } from '../metrics/metric.ts';
import { realize } from '../tensor/evaluate.ts';
import {
  callModel,
  checkLoss,
  checkMetrics,
  checkWhole,
  type LossFunction,
  type Model,
  objective,
  results,
} from './model.ts';
import { Pacer } from './pause.ts';

export interface EvaluateOptions {
  /** Reported as `loss`, with the model's penalty; left out, there is no `loss` in the result. */
  readonly loss?: LossFunction;
  /** Reported under their names. They are reset first and keep what they gathered. */
  readonly metrics?: readonly Metric[];
  /** Samples at a time, 256 by default; for data that are not in batches already. */
  readonly batchSize?: number;
  /** Stops between two batches: the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * How well a model does on data, as in inference: nothing is dropped, nothing learned. The loss is the mean
 * over all samples (each with its weight), however they are cut into batches.
 *
 * @returns `loss` and each metric by its name.
 * @throws ShapeError, ValueError where data or options do not fit.
 */
export async function evaluate(
  model: Model,
  data: Data,
  options: EvaluateOptions = {},
): Promise<Record<string, number>> {
  const { loss, metrics = [], batchSize = 1 } = options;
  if (loss !== undefined) checkLoss('evaluate', loss);
  checkMetrics('evaluate', metrics);
  checkWhole('evaluate', 'batchSize', batchSize, 1);
  const dataset = await openDataset('evaluate', data);
  if (options.batchSize !== undefined && !(dataset instanceof ArrayDataset)) {
    throw new ValueError(
      '[evaluate] got batchSize with data that come in batches. Leave it out, or pass all samples at once: { x, y }.',
    );
  }
  return evaluateOn('evaluate', model, dataset, options);
}

/** `evaluate` on data that were opened before. */
export async function evaluateOn(
  operation: string,
  model: Model,
  dataset: Dataset,
  { loss, metrics = [], batchSize = 256, signal }: EvaluateOptions,
  { epoch = 0, pacer = new Pacer() } = {},
): Promise<Record<string, number>> {
  const mean = new Mean();
  for (const metric of metrics) metric.reset();
  for await (const batch of dataset.batches({ batchSize, epoch })) {
    signal?.throwIfAborted();
    const predictions = callModel(model, batch.x, inference);
    if (loss === undefined) {
      await realize(predictions);
    } else {
      const value = objective(operation, model, loss, predictions, batch);
      await realize(value, ...(metrics.length > 0 ? [predictions] : []));
      mean.add((await value.data())[0]!, batch.weight);
    }
    for (const metric of metrics) await metric.update(predictions, batch.y, batch.sampleWeights);
    await pacer.pause();
  }
  signal?.throwIfAborted();
  return loss === undefined ? results(metrics) : { loss: mean.result(), ...results(metrics) };
}
