import { checkCount, checkOptions, describe, readOptions, refusal } from '../../ir/arguments.ts';
import { ShapeError, ValueError } from '../../ir/errors.ts';
import { show } from '../../tensor/shape.ts';
import { type Batch, isColumn } from '../input.ts';
import { type MetricOptions, SampleMean } from '../metric.ts';
import { classIndices, classPairs, nanError, scoreColumns } from './class-pairs.ts';
import { ClassMean, type ClassMetricOptions } from './positions.ts';

/**
 * The fraction of samples whose predicted class is the true one.
 *
 * Predictions: scores `[N, C]` (logits or probabilities; the class of the first largest score) or
 * class indices `[N]`. Labels: class indices `[N]`, or one-hot or soft `[N, C]`. Of classes of each word or pixel: scores
 * `[N, ..., C]` and labels `[N, ...]`.
 *
 * @throws ShapeError if lengths or numbers of classes differ
 * @throws ValueError on a class out of range and on NaN in a score
 */
export class Accuracy extends ClassMean {
  static readonly kind: string = 'Accuracy';
  readonly direction = 'max';

  constructor(options?: ClassMetricOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    const { name, ignoreIndex } = readOptions(new.target.kind, options, {
      ...{ name: 'accuracy', ignoreIndex: undefined },
    });
    super(new.target.kind, name, ignoreIndex);
  }

  /** @internal */
  protected override values(batch: Batch): Uint8Array {
    const { truth, predicted } = classPairs(this.name, batch);
    const hits = new Uint8Array(batch.samples);
    for (let i = 0; i < hits.length; i++) hits[i] = truth[i] === predicted[i] ? 1 : 0;
    return hits;
  }
}

/** Options of {@link BinaryAccuracy}. */
export interface BinaryAccuracyOptions extends MetricOptions {
  /**
   * A sample is predicted as class 1 if its score is above the threshold: 0 (the default) for logits, 0.5 for
   * probabilities.
   */
  readonly threshold?: number;
}

/**
 * The fraction of samples on the right side of a threshold, for a model with one output.
 *
 * Predictions: scores `[N]` or `[N, 1]`. The default threshold 0 is for logits, as in
 * `binaryCrossEntropy`; **for probabilities pass `threshold: 0.5`**. Labels: 0 or 1, `[N]` or `[N, 1]`.
 *
 * @throws ShapeError if lengths differ or there is more than one score per sample
 * @throws ValueError on a label that is neither 0 nor 1, and on a NaN score
 */
export class BinaryAccuracy extends SampleMean {
  static readonly kind: string = 'BinaryAccuracy';
  readonly direction = 'max';
  readonly threshold: number;

  constructor(options?: BinaryAccuracyOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    const { threshold, name } = readOptions(new.target.kind, options, {
      threshold: 0,
      name: 'binaryAccuracy',
    });
    super(name);
    if (typeof threshold !== 'number' || Number.isNaN(threshold)) {
      throw new ValueError(`[${name}] threshold is ${describe(threshold)}, wanted a number.`);
    }
    this.threshold = threshold;
  }

  /** @internal */
  protected override values({ samples, predictions, labels }: Batch): Uint8Array {
    if (!isColumn(predictions) || !isColumn(labels)) {
      throw new ShapeError(
        `[${this.name}] predictions ${show(predictions.shape)} and labels ${show(labels.shape)}, wanted one number ` +
          'per sample, shape [N] or [N, 1]. Use Accuracy for scores of shape [N, C].',
      );
    }
    const truth = classIndices(this.name, 'label', labels, 2);
    const hits = new Uint8Array(samples);
    for (let i = 0; i < samples; i++) {
      const score = predictions.data[i]!;
      if (Number.isNaN(score)) throw nanError(this.name, 'predictions', i);
      hits[i] = (score > this.threshold ? 1 : 0) === truth[i] ? 1 : 0;
    }
    return hits;
  }
}

/** Options of {@link TopKAccuracy}. */
export interface TopKAccuracyOptions extends ClassMetricOptions {
  /** The number of largest scores that may contain the true class; a whole number of at least 1. */
  readonly k: number;
}

/**
 * The fraction of samples whose true class is among the `k` largest scores. Equal scores are ordered
 * by class, so `k = 1` is {@link Accuracy}. (scikit-learn orders them the other way.)
 *
 * Predictions: scores `[N, C]` with `C >= k`. Labels: class indices `[N]`, or one-hot or soft `[N, C]`. Of classes of each
 * word or pixel: scores `[N, ..., C]` and labels `[N, ...]`.
 *
 * @throws ShapeError if lengths or numbers of classes differ, or there are fewer than `k` classes
 * @throws ValueError on a class out of range and on NaN in a score
 */
export class TopKAccuracy extends ClassMean {
  static readonly kind: string = 'TopKAccuracy';
  readonly direction = 'max';
  readonly k: number;

  constructor(options: TopKAccuracyOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    checkOptions(new.target.kind, options ?? null, { k: 0, name: '', ignoreIndex: 0 });
    const { k, name = `top${k}Accuracy`, ignoreIndex } = options;
    if (!Number.isInteger(k) || k < 1) throw refusal(new.target.kind, 'k', k, 'a whole number from 1 up');
    super(new.target.kind, name, ignoreIndex);
    this.k = k;
  }

  /** @internal */
  protected override values(batch: Batch): Uint8Array {
    const { data } = batch.predictions;
    const width = scoreColumns(this.name, 'predictions', batch.predictions);
    if (width < this.k) {
      throw new ShapeError(
        `[${this.name}] predictions have ${width} classes, fewer than k = ${this.k}. ` +
          'Choose a smaller k.',
      );
    }
    const { truth } = classPairs(this.name, batch);
    const hits = new Uint8Array(batch.samples);
    for (let i = 0; i < hits.length; i++) {
      const own = truth[i]!;
      const score = data[i * width + own]!;
      let ahead = 0;
      for (let j = 0; j < width; j++) {
        const other = data[i * width + j]!;
        if (other > score || (other === score && j < own)) ahead++;
      }
      hits[i] = ahead < this.k ? 1 : 0;
    }
    return hits;
  }
}
