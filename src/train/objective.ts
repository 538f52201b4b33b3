import { ShapeError, ValueError } from '../ir/errors.ts';
import { inDependencyOrder } from '../ir/node.ts';
import { inTerms, type LossTerm, lossTerms } from '../losses/loss-terms.ts';
import { checkTensor } from '../tensor/apply.ts';
import { show } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { AnyModel } from './model.ts';
import { type BatchOutput, type LossFunction, resultName } from './outputs.ts';

/** A loss that is reported. */
export interface ReportedLoss {
  /** `loss`, or `mpg_loss` of the output `mpg`. */
  readonly name: string;
  readonly value: Tensor;
  readonly terms: readonly LossTerm[];
}

/** The losses of a batch. */
export interface Objective {
  /** The weighted sum over the outputs. */
  readonly sum: Tensor;
  /** The sum plus the model's penalty: the value that training minimizes. */
  readonly total: Tensor;
  /** The total, as `loss`, and the losses of several outputs. */
  readonly reported: readonly ReportedLoss[];
}

/** The losses of a batch whose outputs have some. */
export function objective(
  operation: string,
  model: Pick<AnyModel, 'penalty'>,
  outputs: readonly BatchOutput[],
): Objective {
  let sum: Tensor | undefined;
  const parts: ReportedLoss[] = [];
  for (const batch of outputs) {
    const { name, loss, weight } = batch.output;
    if (loss === undefined) continue;
    const value = lossOf(operation, loss, batch);
    if (name !== '') parts.push({ name: resultName(name, 'loss'), value, terms: lossTerms(value) });
    const weighted = weight === 1 ? value : value.mul(weight);
    sum = sum?.add(weighted) ?? weighted;
  }
  const penalty = model.penalty?.() ?? null;
  const total = penalty === null ? sum! : sum!.add(penalty);
  return {
    sum: sum!,
    total,
    reported: [{ name: 'loss', value: total, terms: lossTerms(total) }, ...parts],
  };
}

function lossOf(
  operation: string,
  loss: LossFunction,
  { predictions, labels, sampleWeights: given, weight }: BatchOutput,
): Tensor {
  const sampleWeights = weight === 0 ? undefined : given;
  const value = loss(predictions, labels, sampleWeights === undefined ? {} : { sampleWeights });
  checkTensor(operation, value);
  if (value.size !== 1) {
    throw new ShapeError(
      `[${operation}] the loss function returned shape ${show(value.shape)}, wanted one number. Take the mean over the samples.`,
    );
  }
  if (sampleWeights !== undefined && !inDependencyOrder([value.node]).includes(sampleWeights.node)) {
    throw new ValueError(
      `[${operation}] the loss function does not use the sampleWeights. Pass its third argument on: ` +
        '(predictions, labels, options) => softmaxCrossEntropy(predictions, labels, { ...options, labelSmoothing: 0.1 }).',
    );
  }
  return weight === undefined ? value : inTerms(value, weight);
}

/** The tensors that are computed to report the losses. */
export const reportedTensors = ({ reported }: Objective): Tensor[] =>
  reported.flatMap(({ value, terms }) => [
    value,
    ...terms.flatMap(({ value, weight }) => (weight === null ? [value] : [value, weight])),
  ]);
