import { checkCount, readOptions } from '../../ir/arguments.ts';
import { exp, log } from '../../ir/math/index.ts';
import { classPairs, scoreColumns } from '../classification/class-pairs.ts';
import { ClassMean, type ClassMetricOptions } from '../classification/positions.ts';
import type { Batch } from '../input.ts';

/**
 * exp of the mean of -log of the probability of the true token: the number of equally probable tokens among which a model would
 * be as uncertain. exp of the loss that `softmaxCrossEntropy` gives with the same options.
 *
 * Predictions: logits `[N, T, C]`, or `[N, C]`. Labels: tokens `[N, T]`, or `[N]`.
 *
 * @throws ShapeError if lengths or numbers of classes differ
 * @throws ValueError on a token out of range and on NaN
 */
export class Perplexity extends ClassMean {
  static readonly kind: string = 'Perplexity';
  readonly direction = 'min';

  constructor(options?: ClassMetricOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    const { name, ignoreIndex } = readOptions(new.target.kind, options, {
      ...{ name: 'perplexity', ignoreIndex: undefined },
    });
    super(new.target.kind, name, ignoreIndex);
  }

  /** @internal */
  protected override values(batch: Batch): Float64Array {
    const classes = scoreColumns(this.name, 'predictions', batch.predictions);
    const { truth, predicted } = classPairs(this.name, batch);
    const { data } = batch.predictions;
    return Float64Array.from(truth, (label, i) => {
      const start = i * classes;
      const largest = data[start + predicted[i]!]!;
      let sum = 0;
      for (let c = 0; c < classes; c++) sum += exp(data[start + c]! - largest);
      return log(sum) + largest - data[start + label]!;
    });
  }

  override result(): number {
    checkCount(this.name, arguments.length, 0);
    return exp(super.result());
  }
}
