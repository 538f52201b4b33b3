import { type SampleArray, sampleTensor } from '../data/dataset.ts';
import { RowBuffer } from '../data/row-buffer.ts';
import { checkCount, checkOptions, checkSignal, type Known } from '../ir/arguments.ts';
import { dtypes, type TypedArray } from '../ir/dtype.ts';
import { ShapeError } from '../ir/errors.ts';
import { sizeOf } from '../ir/view.ts';
import { inference } from '../layers/base/context.ts';
import { fromArray } from '../tensor/creation.ts';
import { valuesOf } from '../tensor/evaluate.ts';
import { show } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Signal } from '../util/host-types.ts';
import { EventLoopYielder } from './event-loop-yielder.ts';
import { callModel, checkModel, checkWhole, type Model, type ModelOutput } from './model.ts';

export interface PredictOptions {
  /** Samples in a batch, 256 by default. */
  readonly batchSize?: number;
  /** Stops between two batches. The promise rejects with the signal's reason. */
  readonly signal?: Signal;
}

const predictOptions: Known<PredictOptions> = { batchSize: 0, signal: 0 };

/**
 * The outputs of a model in inference mode, computed batch by batch.
 *
 * @param x `[N, ...]`
 * @returns the outputs in the order of the samples, `[N, ...]`.
 * @throws ShapeError if x does not fit the model, or its output does not have one row per sample.
 */
export async function predict<M extends Model>(
  model: M,
  x: SampleArray,
  options: PredictOptions = {},
): Promise<Tensor<ModelOutput<M>>> {
  checkModel('predict', model);
  checkOptions('predict', options, predictOptions);
  checkCount('predict', arguments.length, 3);
  const { batchSize = 256, signal } = options;
  checkWhole('predict', 'batchSize', batchSize, 1);
  checkSignal('predict', signal);
  const rows = await RowBuffer.of(sampleTensor('predict', 'x', x));
  const yielder = new EventLoopYielder();
  let output: { array: TypedArray; like: Tensor } | null = null;
  for (let from = 0; output === null || from < rows.count; from += batchSize) {
    signal?.throwIfAborted();
    const batch = rows.part(from, Math.min(from + batchSize, rows.count));
    const y = callModel(model, batch.toTensor(), inference);
    if (y.shape[0] !== batch.count) {
      throw new ShapeError(
        `[predict] the model returned ${show(y.shape)} for ${batch.count} samples, wanted one row per sample.`,
      );
    }
    const width = sizeOf(y.shape.slice(1));
    output ??= { array: dtypes[y.dtype].allocate(rows.count * width), like: y };
    output.array.set(await valuesOf(y), from * width);
    await yielder.yieldIfDue();
  }
  const { array, like } = output;
  const result: Tensor = fromArray(array, [rows.count, ...like.shape.slice(1)], like.dtype);
  return result as Tensor<ModelOutput<M>>;
}
