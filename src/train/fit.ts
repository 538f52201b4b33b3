import type { AnyData, Data } from '../data/dataset.ts';
import { reportAs } from '../ir/arguments.ts';
import { defaultGenerator, Generator } from '../tensor/random.ts';
import type { Tensors } from '../tensor/structure.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type AnyFitOptions, checkFit, type FitOptions } from './fit-options.ts';
import type { History } from './history.ts';
import type { AnyModel, Model } from './model.ts';
import { readOutputs } from './outputs.ts';
import { Run } from './run.ts';
import { openTrainingData } from './training-data.ts';

/**
 * Trains a model: in each epoch it reads the data batch by batch, and the optimizer does one step per batch. It yields to
 * the event loop about every 16 ms.
 *
 * If the loss, a gradient, or a new value of a Parameter, of the optimizer's state or of a running statistic is NaN or
 * infinite, training ends with a NonFiniteError that names the epoch, the step, and the first Parameter, input or layer with
 * such a value. That step overwrites nothing. With the callback `stopOnNaN`, training ends without an error.
 *
 * @param model a Layer, or an object with its `forward` and `parameters`.
 * @param data `{ x, y, sampleWeights? }` with the samples along the first axes; or batches of this form from an iterable,
 *   or from a function of the epoch that returns one. An iterator (a generator that has been called) can be read once, so
 *   it can be used for one epoch only.
 *   For a model with several inputs or outputs, `x` and `y` are records, or tuples, of arrays.
 * @returns for each epoch `loss` (over its samples during training, including the penalty; combined as in `evaluate`),
 *   the metrics, and validation results. For several outputs also the loss of each without weight and penalty, `mpg_loss` of the
 *   output `mpg`, as in Keras; the outputs of a tuple are named `0`, `1`, ....
 * @throws ShapeError, ValueError before the first step if data or options do not fit.
 * @throws StateError before the first step if the loss depends on a trainable Parameter that the optimizer does not hold.
 */
export function fit<X extends Tensors = Tensor, Y extends Tensors = Tensor>(
  model: Model<X, Y>,
  data: Data<NoInfer<X>, NoInfer<Y>>,
  options: FitOptions<NoInfer<Y>, NoInfer<X>>,
): Promise<History>;
export async function fit(model: AnyModel, data: AnyData, options: AnyFitOptions): Promise<History> {
  checkFit(model, options, arguments.length);
  const outputs = readOutputs('fit', options.loss, options.metrics, true);
  const { seed = await drawSeed() } = options;
  reportAs('fit', () => new Generator(seed));
  try {
    const run = new Run(model, await openTrainingData(data, options), outputs, options, seed);
    return await run.train();
  } catch (error) {
    await options.world?.fail(error);
    throw error;
  }
}

/** 48 random bits, from two draws: the default generator's numbers are multiples of 2^-24. */
async function drawSeed(): Promise<number> {
  const [high, low] = await defaultGenerator().uniform([2]).data();
  return (high! * 16777216 + low!) * 16777216;
}
