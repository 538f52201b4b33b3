import { checkCount, readOptions } from '../../ir/arguments.ts';
import { ShapeError } from '../../ir/errors.ts';
import { show } from '../../tensor/shape.ts';
import { type ClassMetricOptions, checkIgnoreIndex } from '../classification/positions.ts';
import { type GivenBatch, hasSampleWeights } from '../input.ts';
import { MeanMetric, type Measured } from '../metric.ts';
import { predictedTokens, tokenRows } from './token-rows.ts';

/**
 * The fraction of the sequences all of whose tokens are right.
 *
 * Predictions: scores `[N, T, C]` or tokens `[N, T]`. Labels: tokens `[N, T]`. Labels equal to `ignoreIndex` and tokens with
 * the weight 0 do not count, nor does a sequence without any other tokens. Of weights `[N, T]` a sequence has its largest one.
 *
 * @throws ShapeError if the shapes do not fit
 * @throws ValueError on a token that is not a whole number and on NaN in a score
 */
export class SequenceAccuracy extends MeanMetric {
  static readonly kind: string = 'SequenceAccuracy';
  readonly direction = 'max';
  readonly ignoreIndex: number | undefined;

  constructor(options?: ClassMetricOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    const { name, ignoreIndex } = readOptions(new.target.kind, options, {
      ...{ name: 'sequenceAccuracy', ignoreIndex: undefined },
    });
    checkIgnoreIndex(new.target.kind, ignoreIndex);
    super(name);
    this.ignoreIndex = ignoreIndex;
  }

  /** @internal */
  protected override measure(batch: GivenBatch): Measured {
    const { samples, predictions, labels } = batch;
    const { length, tokens } = tokenRows(this.name, 'labels', labels);
    const predicted = predictedTokens(this.name, predictions);
    if (predicted.length !== length) {
      throw new ShapeError(
        `[${this.name}] got predictions ${show(predictions.shape)} and labels ${show(labels.shape)}, wanted one length T.`,
      );
    }
    const weightOf = this.#weights(batch, length);
    const values = new Uint8Array(samples).fill(1);
    const weights = new Float64Array(samples);
    for (let i = 0; i < samples * length; i++) {
      const sequence = Math.floor(i / length);
      const weight = weightOf(i);
      if (tokens[i] === this.ignoreIndex || weight === 0) continue;
      weights[sequence] = Math.max(weights[sequence]!, weight);
      if (tokens[i] !== predicted.tokens[i]) values[sequence] = 0;
    }
    return { values, weights };
  }

  /** The weight of each token. */
  #weights(batch: GivenBatch, length: number): (i: number) => number {
    const { samples, weights } = batch;
    if (weights === undefined) return () => 1;
    const { data, shape } = weights;
    if (hasSampleWeights(batch)) return (i) => data[Math.floor(i / length)]!;
    if (shape.length === 2 && shape[0] === samples && shape[1] === length) return (i) => data[i]!;
    throw new ShapeError(
      `[${this.name}] got sampleWeights of shape ${show(shape)}, wanted [${samples}] or ${show([samples, length])}.`,
    );
  }
}
