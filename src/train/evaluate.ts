import { ArrayDataset, type Data, type Dataset, openDataset } from '../data/dataset.ts';
import { checkCount, checkOptions, checkSignal, checkWhole, type Known } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import { inference } from '../layers/base/context.ts';
import { realize } from '../tensor/evaluate.ts';
import { itemsOf, type Tensors } from '../tensor/structure.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Signal } from '../util/host-types.ts';
import { EventLoopYielder } from './event-loop-yielder.ts';
import { type AnyModel, callModel, checkModel, type Model } from './model.ts';
import { objective, reportedTensors } from './objective.ts';
import {
  batchOutputs,
  type Loss,
  type Metrics,
  metricsOf,
  type Output,
  readOutputs,
  results,
  updateMetrics,
} from './outputs.ts';
import { RunningLosses } from './running-loss.ts';

export interface EvaluateOptions<Y extends Tensors = Tensor> {
  /**
   * Reported as `loss`, including the model's penalty. Without it the result has no `loss`. For several outputs a record, as in
   * `fit`.
   */
  readonly loss?: Loss<Y>;
  /**
   * Reported under their names. They are reset first, and keep their values afterwards. For several outputs a record, as in
   * `fit`.
   */
  readonly metrics?: Metrics<Y>;
  /** Samples in a batch, 256 by default. Not for data that are batches already. */
  readonly batchSize?: number;
  /** Stops between two batches. The promise rejects with the signal's reason. */
  readonly signal?: Signal;
}

const evaluateOptions: Known<EvaluateOptions<Tensors>> = { loss: 0, metrics: 0, batchSize: 0, signal: 0 };

/**
 * Evaluates a model in inference mode: without Dropout and without updates. The loss is that of all samples at once, for
 * any batch size: with class weights the mean divides by the sum of all weights, and with reduction `sum` the loss is
 * the sum over all samples. So are sums and multiples of such losses. Any other function counts as a mean over the
 * samples of its batch.
 *
 * @returns `loss` and each metric by its name; for several outputs also the loss of each, with the names of `fit`.
 * @throws ShapeError, ValueError if data or options do not fit.
 */
export async function evaluate<X extends Tensors = Tensor, Y extends Tensors = Tensor>(
  model: Model<X, Y>,
  data: Data<NoInfer<X>, NoInfer<Y>>,
  options: EvaluateOptions<NoInfer<Y>> = {},
): Promise<Record<string, number>> {
  checkModel('evaluate', model);
  checkOptions('evaluate', options, evaluateOptions);
  checkCount('evaluate', arguments.length, 3);
  const { batchSize = 1, loss, metrics, signal } = options;
  const outputs = readOutputs('evaluate', loss, metrics);
  checkWhole('evaluate', 'batchSize', batchSize, 1);
  checkSignal('evaluate', signal);
  const dataset = await openDataset('evaluate', data);
  if (options.batchSize !== undefined && !(dataset instanceof ArrayDataset)) {
    throw new ValueError(
      '[evaluate] got batchSize with data that are batches already. Leave it out, or pass all samples at once: { x, y }.',
    );
  }
  return evaluateOn('evaluate', model, dataset, outputs, options);
}

/** `evaluate` for an open dataset. */
export async function evaluateOn(
  operation: string,
  model: AnyModel,
  dataset: Dataset,
  outputs: readonly Output[],
  { batchSize = 256, signal }: { readonly batchSize?: number; readonly signal?: Signal | undefined },
  { epoch = 0, yielder = new EventLoopYielder() } = {},
): Promise<Record<string, number>> {
  const losses = outputs.some(({ loss }) => loss !== undefined) ? new RunningLosses() : null;
  const metrics = metricsOf(outputs);
  for (const metric of metrics) metric.reset();
  for await (const batch of dataset.batches({ batchSize, epoch })) {
    signal?.throwIfAborted();
    const predictions = callModel(model, batch.x, inference);
    const found = batchOutputs(operation, outputs, predictions, batch);
    if (losses === null) {
      await realize(...itemsOf<Tensor>(predictions).map(([, t]) => t));
    } else {
      const goal = objective(operation, model, found);
      const measured = found.filter(({ output }) => output.metrics.length > 0);
      await realize(...reportedTensors(goal), ...measured.map((output) => output.predictions));
      await losses.add(goal, batch.weight);
    }
    await updateMetrics(found);
    await yielder.yieldIfDue();
  }
  signal?.throwIfAborted();
  return { ...losses?.results(), ...results(metrics) };
}
