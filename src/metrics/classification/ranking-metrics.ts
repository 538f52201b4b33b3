import { checkCount, readOptions, refusal } from '../../ir/arguments.ts';
import { ShapeError } from '../../ir/errors.ts';
import type { State } from '../../ir/state.ts';
import { isColumn, type MetricInput, readBatch } from '../input.ts';
import type { Metric, MetricOptions } from '../metric.ts';
import { classIndices, classPairs, nanError } from './class-pairs.ts';
import {
  areaUnderPrecision,
  areaUnderRoc,
  meanOverClasses,
  type RankingCounts,
  rankingCounts,
} from './ranking.ts';

/** Options of {@link RocAuc} and {@link AveragePrecision}. */
export interface RankingMetricOptions extends MetricOptions {
  /** For more than two classes: the mean over classes (`'macro'`, the default), or weighted by their samples. */
  readonly average?: 'macro' | 'weighted';
}

/** A metric of all scores together: it keeps them until `reset`. */
abstract class RankingMetric implements Metric {
  readonly name: string;
  readonly direction = 'max';
  readonly average: 'macro' | 'weighted';
  /** The scores of each class; of the positive class only if there is one score per sample. */
  #columns: number[][] = [];
  #truth: number[] = [];
  #weights: number[] = [];

  constructor(kind: string, { name, average }: Required<RankingMetricOptions>) {
    if (average !== 'macro' && average !== 'weighted')
      throw refusal(kind, 'average', average, "'macro' or 'weighted'");
    this.name = name;
    this.average = average;
  }

  /** @internal NaN if it is not defined for these counts. */
  protected abstract area(counts: RankingCounts): number;

  async update(predictions: MetricInput, labels: MetricInput, sampleWeights?: MetricInput): Promise<void> {
    checkCount(this.name, arguments.length, 3);
    const batch = await readBatch(this.name, predictions, labels, sampleWeights);
    const { data } = batch.predictions;
    const isBinary = isColumn(batch.predictions);
    const truth = isBinary
      ? classIndices(this.name, 'label', batch.labels, 2)
      : classPairs(this.name, batch).truth;
    const width = isBinary ? 1 : batch.predictions.shape[1]!;
    if (this.#columns.length !== 0 && this.#columns.length !== width) {
      throw new ShapeError(
        `[${this.name}] got ${width} scores per sample after ${this.#columns.length}. Call reset() before.`,
      );
    }
    const nan = Array.prototype.findIndex.call(data, Number.isNaN);
    if (nan >= 0) throw nanError(this.name, 'predictions', Math.floor(nan / width));
    if (this.#columns.length === 0) this.#columns = Array.from({ length: width }, () => []);
    truth.forEach((t, i) => {
      this.#truth.push(t);
      this.#weights.push(batch.weights?.[i] ?? 1);
      for (const [c, column] of this.#columns.entries()) column.push(data[i * width + c]!);
    });
  }

  result(): number {
    checkCount(this.name, arguments.length, 0);
    const [column] = this.#columns;
    const area = (counts: RankingCounts): number => this.area(counts);
    if (column !== undefined && this.#columns.length === 1)
      return area(rankingCounts(column, (i) => this.#truth[i] === 1, this.#weights));
    return meanOverClasses(this.#columns, this.#truth, this.#weights, this.average, area);
  }

  reset(): void {
    checkCount(this.name, arguments.length, 0);
    this.#columns = [];
    this.#truth = [];
    this.#weights = [];
  }

  getState(): State {
    checkCount('getState', arguments.length, 0);
    return {
      columns: this.#columns.map((column) => [...column]),
      truth: [...this.#truth],
      weights: [...this.#weights],
    };
  }

  setState(state: State): void {
    checkCount('setState', arguments.length, 1);
    const { columns, truth, weights } = Object(state) as State;
    const lists = Array.isArray(columns) ? [...columns, truth, weights] : [columns];
    const isList = (list: unknown): list is number[] =>
      Array.isArray(list) &&
      list.length === (truth as number[]).length &&
      list.every((x) => typeof x === 'number');
    const wrong = lists.find((list) => !isList(list));
    if (wrong !== undefined || !lists.every(isList))
      throw refusal('setState', 'the state', wrong, 'the state that getState of the same class returned');
    this.#columns = lists.slice(0, -2).map((column) => [...column]);
    [this.#truth, this.#weights] = lists.slice(-2).map((list) => [...list]) as [number[], number[]];
  }
}

/**
 * The area under the ROC curve: the probability that a positive sample has a larger score than a negative one. For more
 * than two classes it is the mean over the classes against the rest. It keeps all scores until `reset`. NaN while a class,
 * or its rest, has no samples.
 *
 * Predictions: scores `[N]` or `[N, 1]`, larger for class 1, or `[N, C]`. Labels: 0 or 1, or class indices `[N]`, or one-hot
 * `[N, C]`.
 *
 * @throws ShapeError if lengths or numbers of classes differ
 * @throws ValueError on a class out of range and on a NaN score
 */
export class RocAuc extends RankingMetric {
  static readonly kind: string = 'RocAuc';

  constructor(options?: RankingMetricOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    super(
      new.target.kind,
      readOptions(new.target.kind, options, { name: 'rocAuc', average: 'macro' as const }),
    );
  }

  /** @internal */
  protected override area(counts: RankingCounts): number {
    return areaUnderRoc(counts);
  }
}

/**
 * The sum over thresholds of precision times the increase of recall: the area under the precision-recall curve. Inputs and
 * errors as in {@link RocAuc}. NaN while a class has no samples.
 */
export class AveragePrecision extends RankingMetric {
  static readonly kind: string = 'AveragePrecision';

  constructor(options?: RankingMetricOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    super(
      new.target.kind,
      readOptions(new.target.kind, options, { name: 'averagePrecision', average: 'macro' as const }),
    );
  }

  /** @internal */
  protected override area(counts: RankingCounts): number {
    return areaUnderPrecision(counts);
  }
}
