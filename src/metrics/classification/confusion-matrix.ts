import { checkCount, readOptions } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import { checkState, type State } from '../../ir/state.ts';
import { type MetricInput, readBatch } from '../input.ts';
import type { Metric, MetricOptions } from '../metric.ts';
import { ClassCounts } from './class-counts.ts';
import { type ClassPairs, classPairs } from './class-pairs.ts';
import {
  type Average,
  averaged,
  checkAverage,
  checkLabels,
  checkNumClasses,
  checkZeroDivision,
  perClass,
  type Score,
  totalsAt,
} from './class-scores.ts';

/** Options of {@link ConfusionMatrix}. */
export interface ConfusionMatrixOptions extends MetricOptions {
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
}

/** A metric that counts pairs of true and predicted classes. */
abstract class PairCounter implements Metric {
  readonly name: string;
  readonly direction = 'max';
  readonly numClasses: number;

  constructor(name: string, numClasses: number) {
    checkNumClasses(name, numClasses);
    this.name = name;
    this.numClasses = numClasses;
  }

  async update(predictions: MetricInput, labels: MetricInput, sampleWeights?: MetricInput): Promise<void> {
    checkCount(this.name, arguments.length, 3);
    const batch = await readBatch(this.name, predictions, labels, sampleWeights);
    this.count(classPairs(this.name, batch, this.numClasses), batch.weights);
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
 * C]`.
 *
 * @throws ShapeError if lengths or numbers of classes differ
 * @throws ValueError on a class out of range and on NaN in a score
 */
export class ConfusionMatrix extends PairCounter {
  static readonly kind: string = 'ConfusionMatrix';
  readonly #cells: Float64Array;

  constructor(options: ConfusionMatrixOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    const { numClasses, name } = readOptions(new.target.kind, options, {
      numClasses: undefined,
      name: 'confusionMatrix',
    });
    super(name, numClasses);
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
  readonly #counts: ClassCounts;

  /** @internal */
  constructor(score: Score, options: ClassScoreOptions, kind: string) {
    const { numClasses, average, labels, zeroDivision, name } = readOptions(kind, options, {
      ...{ numClasses: undefined, average: 'macro', labels: undefined, zeroDivision: 0 },
      name: score,
    });
    super(name, numClasses);
    checkAverage(name, average);
    checkZeroDivision(name, zeroDivision);
    if (labels !== undefined) checkLabels(name, labels, numClasses);
    if (average === 'binary' && (numClasses !== 2 || labels !== undefined)) {
      throw new ValueError(
        `[${name}] average 'binary' needs two classes and no labels, got numClasses ${numClasses}` +
          `${labels === undefined ? '' : ' and labels'}. Choose 'macro', 'micro' or 'weighted'.`,
      );
    }
    this.average = average;
    this.#score = score;
    this.#labels = average === 'binary' ? [1] : labels && [...labels];
    this.#zeroDivision = zeroDivision;
    this.#counts = new ClassCounts(numClasses);
  }

  /** The score of each class from 0 to `numClasses - 1`; `zeroDivision` for a class whose score is 0 / 0. */
  perClass(): number[] {
    const all = Array.from({ length: this.numClasses }, (_, index) => index);
    return Array.from(perClass(this.#score, totalsAt(this.#counts, all), this.#zeroDivision));
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
 * C]`.
 *
 * @throws ShapeError if lengths or numbers of classes differ
 * @throws ValueError on a class out of range and on NaN in a score
 */
export class Precision extends ClassScore {
  static readonly kind: string = 'Precision';
  constructor(options: ClassScoreOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    super('precision', options, new.target.kind);
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
    super('recall', options, new.target.kind);
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
    super('f1', options, new.target.kind);
  }
}
