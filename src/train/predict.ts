import { type SampleArray, sampleTensor } from '../data/dataset.ts';
import { Rows } from '../data/rows.ts';
import { dtypes, type TypedArray } from '../ir/dtype.ts';
import { ShapeError } from '../ir/errors.ts';
import { sizeOf } from '../ir/view.ts';
import { inference } from '../layers/base/context.ts';
import { fromArray } from '../tensor/creation.ts';
import { valuesOf } from '../tensor/evaluate.ts';
import { show } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { callModel, checkWhole, type Model, type ModelOutput } from './model.ts';
import { Pacer } from './pause.ts';

export interface PredictOptions {
  /** Samples at a time, 256 by default. */
  readonly batchSize?: number;
  /** Stops between two batches: the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * What a model gives for samples, as in inference, batch by batch.
 *
 * @param x `[N, ...]`
 * @returns the outputs in the order of the samples, `[N, ...]`, computed.
 * @throws ShapeError where x does not fit the model, or its output does not have one row per sample.
 */
export async function predict<M extends Model>(
  model: M,
  x: SampleArray,
  options: PredictOptions = {},
): Promise<Tensor<ModelOutput<M>>> {
  const { batchSize = 256, signal } = options;
  checkWhole('predict', 'batchSize', batchSize, 1);
  const rows = await Rows.of(sampleTensor('predict', 'x', x));
  const pacer = new Pacer();
  let output: { array: TypedArray; like: Tensor } | null = null;
  for (let from = 0; output === null || from < rows.count; from += batchSize) {
    signal?.throwIfAborted();
    const batch = rows.part(from, Math.min(from + batchSize, rows.count));
    const y = callModel(model, batch.toTensor(), inference);
    if (y.shape[0] !== batch.count) {
      throw new ShapeError(
        `[predict] the model made ${show(y.shape)} of ${batch.count} samples, wanted one row for each.`,
      );
    }
    const width = sizeOf(y.shape.slice(1));
    output ??= { array: dtypes[y.dtype].allocate(rows.count * width), like: y };
    output.array.set(await valuesOf(y), from * width);
    await pacer.pause();
  }
  const { array, like } = output;
  const result: Tensor = fromArray(array, [rows.count, ...like.shape.slice(1)], like.dtype);
  return result as Tensor<ModelOutput<M>>;
}
