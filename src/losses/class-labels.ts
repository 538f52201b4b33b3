import { DTypeError, ShapeError } from '../ir/errors.ts';
import { oneHotFor } from '../tensor/ops/arrangement/indexing.ts';
import { cast } from '../tensor/ops/elementwise/cast.ts';
import { where } from '../tensor/ops/elementwise/logic.ts';
import { show } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';

// Labels of losses over classes, the last axis: class numbers [...] or distributions [..., C].

/** @throws ShapeError, DTypeError unless labels fit scores [..., C]. */
export function checkClassLabels(name: string, scores: Tensor, labels: Tensor): void {
  const { rank, shape } = scores;
  if (rank < 2)
    throw new ShapeError(
      `[${name}] got logits ${show(shape)}, wanted [N, ..., C]: a row of C classes for each label.`,
    );
  const numbers = show(shape.slice(0, -1));
  const isNumbers = labels.rank < rank;
  if (show(labels.shape) !== (isNumbers ? numbers : show(shape))) {
    throw new ShapeError(
      `[${name}] got labels ${show(labels.shape)} for logits ${show(shape)}, wanted class numbers ${numbers} or distributions ${show(shape)}.`,
    );
  }
  if (isNumbers && labels.dtype !== 'int32' && labels.dtype !== 'uint8') {
    throw new DTypeError(
      `[${name}] got ${labels.dtype} labels ${show(labels.shape)}, wanted class numbers in int32 or uint8: ` +
        "tensor(labels, { dtype: 'int32' }).",
    );
  }
}

/** The mean of values under each label's distribution, or the value of its class: [..., C] or [C] to [...]. */
export function underLabel(
  name: string,
  labels: Tensor,
  { rank, shape }: Tensor,
): (values: Tensor) => Tensor {
  if (labels.rank < rank) {
    const hot = oneHotFor(name, labels, shape.at(-1)!, 'bool');
    // Selects instead of multiplying by 0, so that an infinite value of another class gives no NaN.
    return (values) => where(hot, values, 0).sum(-1);
  }
  const distribution = cast(labels, 'float32');
  return (values) => distribution.mul(values).sum(-1);
}
