import { checkCount, checkOptions, describe, type Known, readOptions } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import { checkState, type State } from '../../ir/state.ts';
import { type Batch, type MetricInput, readBatch } from '../input.ts';
import type { Metric } from '../metric.ts';
import { ClassCounts } from './class-counts.ts';
import { type ClassPairs, classPairs } from './class-pairs.ts';
import {
  type Average,
  averaged,
  checkAverage,
  checkBeta,
  checkLabels,
  checkNumClasses,
  checkZeroDivision,
  fBeta,
  intersectionOverUnion,
  perClass,
  type Score,
  totalsAt,
} from './class-scores.ts';
import { labelPairs } from './label-pairs.ts';
import { type ClassMetricOptions, checkIgnoreIndex, countedPositions } from './positions.ts';

/** Options of {@link ConfusionMatrix}. */
export interface ConfusionMatrixOptions extends ClassMetricOptions {
  /** Classes are numbered from 0 to `numClasses - 1`. */
  readonly numClasses: number;
}

/** Options of {@link Precision}, {@link Recall} and {@link F1}. */
export interface ClassScoreOptions extends ConfusionMatrixOptions {
  /** Default `'macro'`. */
  readonly average?: Average;
  /**
   * The classes of the average; by default those that occur in labels or predictions, as in scikit-learn.
   */
  readonly labels?: readonly number[];
  /** The score of a class for which it is 0 / 0: 0 (default), 1, or NaN to exclude the class from a mean. */
  readonly zeroDivision?: number;
  /**
   * For samples with any number of classes: scores [N, C] above the threshold predict a class, 0 for logits and 0.5 for
   * probabilities, and labels are [N, C] with 0 and 1. Without it each sample has one class.
   */
  readonly threshold?: number;
}

/** Options of {@link FBeta}. */
export interface FBetaOptions extends ClassScoreOptions {
  /** How many times as important recall is as precision, above 0. */
  readonly beta: number;
}

/** A metric that counts pairs of true and predicted classes. */
abstract class PairCounter implements Metric {
  readonly name: string;
  readonly direction = 'max';
  readonly numClasses: number;
  readonly ignoreIndex: number | undefined;

  constructor(name: string, numClasses: number, ignoreIndex: number | undefined) {
    checkNumClasses(name, numClasses);
    checkIgnoreIndex(name, ignoreIndex);
    this.name = name;
    this.numClasses = numClasses;
    this.ignoreIndex = ignoreIndex;
  }

  async update(predictions: MetricInput, labels: MetricInput, sampleWeights?: MetricInput): Promise<void> {
    checkCount(this.name, arguments.length, 3);
    this.countBatch(await readBatch(this.name, predictions, labels, sampleWeights));
  }

  /** @internal */
  protected countBatch(batch: Batch): void {
    const counted = countedPositions(this.name, batch, this.ignoreIndex);
    this.count(classPairs(this.name, counted, this.numClasses), counted.weights);
  }

  /** @internal */
  protected abstract count(pairs: ClassPairs, weights: ArrayLike<number> | undefined): void;
  abstract result(): number;

  /** @internal The arrays that hold the counts. */
  protected abstract counts(): Readonly<Record<string, Float64Array | Uint8Array>>;

  reset(): void {
    checkCount(this.name, arguments.length, 0);
    for (const array of Object.values(this.counts())) array.fill(0);
  }

  getState(): State {
    checkCount('getState', arguments.length, 0);
    return Object.fromEntries(Object.entries(this.counts()).map(([name, array]) => [name, array.slice()]));
  }

  setState(state: State): void {
    checkCount('setState', arguments.length, 1);
    const counts = this.counts();
    checkState(state, counts);
    for (const [name, array] of Object.entries(counts)) array.set(state[name] as Float64Array);
  }
}

/**
 * Counts how often each true class was predicted as each class. `result()` is the fraction on the diagonal, which is the
 * accuracy.
 *
 * Predictions: scores `[N, C]` or class indices `[N]`. Labels: class indices `[N]`, or one-hot or soft `[N,
 * C]`. Of classes of each word or pixel: scores `[N, ..., C]` or class indices `[N, ...]`, and labels `[N, ...]`.
 *
 * @throws ShapeError if lengths or numbers of classes differ
 * @throws ValueError on a class out of range and on NaN in a score
 */
export class ConfusionMatrix extends PairCounter {
  static readonly kind: string = 'ConfusionMatrix';
  readonly #cells: Float64Array;

  constructor(options: ConfusionMatrixOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    const { numClasses, name, ignoreIndex } = readOptions(new.target.kind, options, {
      ...{ numClasses: undefined, name: 'confusionMatrix', ignoreIndex: undefined },
    });
    super(name, numClasses, ignoreIndex);
    this.#cells = new Float64Array(numClasses * numClasses);
  }

  /**
   * `matrix[i][j]`: the (weighted) number of samples of class `i` that were predicted as class `j`; a copy.
   */
  get matrix(): number[][] {
    return Array.from({ length: this.numClasses }, (_, row) =>
      Array.from(this.#cells.subarray(row * this.numClasses, (row + 1) * this.numClasses)),
    );
  }

  /** @internal */
  protected override count({ truth, predicted }: ClassPairs, weights: ArrayLike<number> | undefined): void {
    for (let i = 0; i < truth.length; i++) {
      this.#cells[truth[i]! * this.numClasses + predicted[i]!]! += weights?.[i] ?? 1;
    }
  }

  override result(): number {
    checkCount(this.name, arguments.length, 0);
    let right = 0;
    let all = 0;
    this.#cells.forEach((count, cell) => {
      all += count;
      if (cell % (this.numClasses + 1) === 0) right += count;
    });
    return right / all;
  }

  /** @internal */
  protected override counts() {
    return { cells: this.#cells };
  }
}

abstract class ClassScore extends PairCounter {
  readonly average: Average;
  readonly #score: Score;
  readonly #labels: readonly number[] | undefined;
  readonly #zeroDivision: number;
  readonly #threshold: number | undefined;
  readonly #counts: ClassCounts;

  /** @internal */
  constructor(score: Score, options: ClassScoreOptions, kind: string, defaultName: string) {
    const { numClasses, average, labels, zeroDivision, threshold, ignoreIndex, name } = readOptions(
      kind,
      options,
      {
        ...{ numClasses: undefined, average: 'macro', labels: undefined, zeroDivision: 0 },
        ...{ threshold: undefined, ignoreIndex: undefined, name: defaultName },
      },
    );
    super(name, numClasses, ignoreIndex);
    if (threshold !== undefined && ignoreIndex !== undefined)
      throw new ValueError(`[${name}] got ignoreIndex with a threshold, wanted one of them.`);
    if (threshold !== undefined && (typeof threshold !== 'number' || Number.isNaN(threshold)))
      throw new ValueError(`[${name}] threshold is ${describe(threshold)}, wanted a number.`);
    checkAverage(name, average);
    checkZeroDivision(name, zeroDivision);
    if (labels !== undefined) checkLabels(name, labels, numClasses);
    if (average === 'binary' && (numClasses !== 2 || labels !== undefined || threshold !== undefined)) {
      throw new ValueError(
        `[${name}] average 'binary' needs two classes, no labels and no threshold, got numClasses ${numClasses}` +
          `${labels === undefined ? '' : ' and labels'}${threshold === undefined ? '' : ' and a threshold'}. Choose 'macro', 'micro' or 'weighted'.`,
      );
    }
    this.average = average;
    this.#score = score;
    this.#labels = average === 'binary' ? [1] : labels && [...labels];
    this.#zeroDivision = zeroDivision;
    this.#threshold = threshold;
    this.#counts = new ClassCounts(numClasses);
  }

  /** The score of each class from 0 to `numClasses - 1`; `zeroDivision` for a class whose score is 0 / 0. */
  perClass(): number[] {
    const all = Array.from({ length: this.numClasses }, (_, index) => index);
    return Array.from(perClass(this.#score, totalsAt(this.#counts, all), this.#zeroDivision));
  }

  /** @internal */
  protected override countBatch(batch: Batch): void {
    if (this.#threshold === undefined) super.countBatch(batch);
    else
      this.#counts.addLabels(labelPairs(this.name, batch, this.numClasses, this.#threshold), batch.weights);
  }

  /** @internal */
  protected override count(pairs: ClassPairs, weights: ArrayLike<number> | undefined): void {
    this.#counts.add(pairs, weights);
  }

  override result(): number {
    checkCount(this.name, arguments.length, 0);
    const present = this.#counts.present();
    if (present.length === 0) return Number.NaN;
    const totals = totalsAt(this.#counts, this.#labels ?? present);
    return averaged(this.#score, totals, this.average, this.#zeroDivision);
  }

  /** @internal */
  protected override counts() {
    const { hits, truth, predicted, seen } = this.#counts;
    return { hits, truth, predicted, seen };
  }
}

/**
 * The fraction of the samples predicted as a class that belong to it, as scikit-learn's `precision_score`, computed
 * batch by batch.
 *
 * Predictions: scores `[N, C]` or class indices `[N]`. Labels: class indices `[N]`, or one-hot or soft `[N,
 * C]`. Of classes of each word or pixel: scores `[N, ..., C]` or class indices `[N, ...]`, and labels `[N, ...]`.
 *
 * @throws ShapeError if lengths or numbers of classes differ
 * @throws ValueError on a class out of range and on NaN in a score
 */
export class Precision extends ClassScore {
  static readonly kind: string = 'Precision';
  constructor(options: ClassScoreOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    super('precision', options, new.target.kind, 'precision');
  }
}

/**
 * The fraction of the samples of a class that are predicted as it, as scikit-learn's `recall_score`, batch by batch.
 * Inputs and errors as in {@link Precision}.
 */
export class Recall extends ClassScore {
  static readonly kind: string = 'Recall';
  constructor(options: ClassScoreOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    super('recall', options, new.target.kind, 'recall');
  }
}

/**
 * The harmonic mean of precision and recall, 2 P R / (P + R), as scikit-learn's `f1_score`, batch by batch.
 * Inputs and errors as in {@link Precision}.
 */
export class F1 extends ClassScore {
  static readonly kind: string = 'F1';
  constructor(options: ClassScoreOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    super('f1', options, new.target.kind, 'f1');
  }
}

/**
 * (1 + beta^2) P R / (beta^2 P + R) of precision P and recall R, as scikit-learn's `fbeta_score`, batch by batch.
 * Inputs and errors as in {@link Precision}.
 */
export class FBeta extends ClassScore {
  static readonly kind: string = 'FBeta';
  constructor(options: FBetaOptions) {
    const { kind } = new.target;
    checkCount(kind, arguments.length, 1);
    checkOptions(kind, options ?? null, classScoreOptions);
    const { beta, ...rest } = options;
    checkBeta(kind, beta);
    super(fBeta(beta), rest, kind, 'fBeta');
  }
}

const classScoreOptions: Known<FBetaOptions> = {
  ...{ beta: 0, numClasses: 0, average: 0, labels: 0, zeroDivision: 0, threshold: 0, ignoreIndex: 0 },
  name: '',
};

/**
 * The mean over the classes of the intersection over the union of the samples of a class and those predicted as it, as
 * scikit-learn's `jaccard_score` and `MeanIoU` of Keras, batch by batch; for segmentation. `perClass()` has each class.
 * Inputs and errors as in {@link Precision}.
 */
export class MeanIoU extends ClassScore {
  static readonly kind: string = 'MeanIoU';
  constructor(options: ClassScoreOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    super(intersectionOverUnion, options, new.target.kind, 'meanIoU');
  }
}
