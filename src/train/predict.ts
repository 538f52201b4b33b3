import { inputTensors, rowsOf, type SampleArray } from '../data/dataset.ts';
import type { RowBuffer } from '../data/row-buffer.ts';
import { checkCount, checkOptions, checkSignal, checkWhole, type Known } from '../ir/arguments.ts';
import { dtypes, type TypedArray } from '../ir/dtype.ts';
import { ShapeError } from '../ir/errors.ts';
import { sizeOf } from '../ir/view.ts';
import { inference } from '../layers/base/context.ts';
import { fromArray } from '../tensor/creation.ts';
import { realize, valuesOf } from '../tensor/evaluate.ts';
import { show } from '../tensor/shape.ts';
import { itemsOf, type Like, mapItems, type Tensors } from '../tensor/structure.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Signal } from '../util/host-types.ts';
import { EventLoopYielder } from './event-loop-yielder.ts';
import { callModel, checkModel, type Model, type Predictions } from './model.ts';

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
 * @param x `[N, ...]`, or a tuple or record of such arrays for a model with several inputs.
 * @returns the outputs in the order of the samples, `[N, ...]`: a tensor, or a tuple or record as the model returns it.
 * @throws ShapeError if x does not fit the model, or an output does not have one row per sample.
 */
export async function predict<X extends Tensors = Tensor, Y extends Tensors = Tensor>(
  model: Model<X, Y>,
  x: Like<NoInfer<X>, SampleArray>,
  options: PredictOptions = {},
): Promise<Predictions<Y>> {
  checkModel('predict', model);
  checkOptions('predict', options, predictOptions);
  checkCount('predict', arguments.length, 3);
  const { batchSize = 256, signal } = options;
  checkWhole('predict', 'batchSize', batchSize, 1);
  checkSignal('predict', signal);
  const inputs = inputTensors('predict', x);
  const size = itemsOf<Tensor>(inputs)[0]![1].shape[0]!;
  const rows = await rowsOf(inputs);
  const yielder = new EventLoopYielder();
  const arrays = new Map<string, TypedArray>();
  let outputs: Tensors | null = null;
  for (let from = 0; outputs === null || from < size; from += batchSize) {
    signal?.throwIfAborted();
    const count = Math.min(batchSize, size - from);
    const batch = mapItems<RowBuffer, Tensor>(rows, (all) => all.part(from, from + count).toTensor());
    outputs = callModel(model, batch, inference);
    const items = itemsOf<Tensor>(outputs);
    await realize(...items.map(([, t]) => t));
    for (const [name, t] of items) {
      checkRows(name, t, count);
      const width = sizeOf(t.shape.slice(1));
      const array = arrays.get(name) ?? dtypes[t.dtype].allocate(size * width);
      arrays.set(name, array);
      array.set(await valuesOf(t), from * width);
    }
    await yielder.yieldIfDue();
  }
  return mapItems<Tensor, Tensor>(outputs, ({ dtype, shape }, name) =>
    fromArray(arrays.get(name)!, [size, ...shape.slice(1)], dtype),
  ) as Predictions<Y>;
}

function checkRows(name: string, { shape }: Tensor, count: number): void {
  if (shape[0] === count) return;
  throw new ShapeError(
    `[predict] the model returned ${name}${name && ' '}${show(shape)} for ${count} samples, wanted one row per sample.`,
  );
}
