import { checkCount, checkNumber } from '../ir/arguments.ts';
import { checkState, type State } from '../ir/state.ts';
import { type Batch, type GivenBatch, type MetricInput, readGiven, weightedSamples } from './input.ts';

/**
 * A number that is computed batch by batch. The result has the same bits for any batch size. An update that throws
 * changes nothing.
 */
export interface Metric {
  /** The key under which `fit` and `evaluate` report the metric. */
  readonly name: string;
  /** Whether small ('min') or large results ('max') are better, for `earlyStopping`; not known if left out. */
  readonly direction?: 'min' | 'max';
  /**
   * Adds one batch.
   *
   * @param predictions the model's output, one entry or row per sample
   * @param labels the true values, one entry or row per sample
   * @param sampleWeights `[N]`, or for positions the first axes of predictions and labels, such as `[N, T]`; finite and not
   *   negative; all 1 by default
   */
  update(predictions: MetricInput, labels: MetricInput, sampleWeights?: MetricInput): Promise<void>;
  /** The metric over all samples since the start or the last `reset`; NaN without samples. */
  result(): number;
  /** Removes all samples. */
  reset(): void;
  /** A copy of what the metric remembers, for checkpoints. Those after a number of steps need it. */
  getState?(): State;
  /** Goes on from a state that `getState` returned. */
  setState?(state: State): void;
}

/** Options of every metric. */
export interface MetricOptions {
  /** The key under which `fit` and `evaluate` report the metric. */
  readonly name?: string;
}

/** A running weighted mean of numbers, for example of losses; NaN while the sum of the weights is zero. */
export class Mean {
  static readonly kind: string = 'Mean';
  #total = 0;
  #weight = 0;

  constructor() {
    checkCount('Mean', arguments.length, 0);
  }

  /** Adds `value` with `weight` (not negative). */
  add(value: number, weight = 1): void {
    checkCount('add', arguments.length, 2);
    checkNumber('add', 'value', value);
    checkNumber('add', 'weight', weight);
    if (weight === 0) return;
    this.#total += weight * value;
    this.#weight += weight;
  }

  result(): number {
    checkCount('result', arguments.length, 0);
    return this.#total / this.#weight;
  }

  reset(): void {
    checkCount('reset', arguments.length, 0);
    this.#total = 0;
    this.#weight = 0;
  }

  /** The sums so far. */
  getState(): State {
    checkCount('getState', arguments.length, 0);
    return { total: this.#total, weight: this.#weight };
  }

  /**
   * Goes on from a state that `getState` returned.
   *
   * @throws ValueError for other values.
   */
  setState(state: State): void {
    checkCount('setState', arguments.length, 1);
    checkState(state, this.getState());
    this.#total = state.total as number;
    this.#weight = state.weight as number;
  }
}

/** What a batch adds to a mean: values, and their weights, which are 1 if left out. */
export interface Measured {
  readonly values: ArrayLike<number>;
  readonly weights: ArrayLike<number> | undefined;
}

/** A metric that is a weighted mean. */
export abstract class MeanMetric implements Metric {
  readonly name: string;
  abstract readonly direction: 'min' | 'max';
  readonly #mean = new Mean();

  constructor(name: string) {
    this.name = name;
  }

  /** @internal */
  protected abstract measure(batch: GivenBatch): Measured;

  async update(predictions: MetricInput, labels: MetricInput, sampleWeights?: MetricInput): Promise<void> {
    checkCount(this.name, arguments.length, 3);
    const { values, weights } = this.measure(await readGiven(this.name, predictions, labels, sampleWeights));
    for (let i = 0; i < values.length; i++) this.#mean.add(values[i]!, weights?.[i]);
  }

  result(): number {
    checkCount(this.name, arguments.length, 0);
    return this.#mean.result();
  }

  reset(): void {
    checkCount(this.name, arguments.length, 0);
    this.#mean.reset();
  }

  getState(): State {
    checkCount('getState', arguments.length, 0);
    return this.#mean.getState();
  }

  setState(state: State): void {
    checkCount('setState', arguments.length, 1);
    this.#mean.setState(state);
  }
}

/** A metric that is the weighted mean of one value per sample. */
export abstract class SampleMean extends MeanMetric {
  /** @internal The samples that are measured. */
  protected arrange(batch: Batch): Batch {
    return batch;
  }

  /** @internal One value per sample of the batch. */
  protected abstract values(batch: Batch): ArrayLike<number>;

  /** @internal */
  protected override measure(given: GivenBatch): Measured {
    const batch = this.arrange(weightedSamples(this.name, given));
    return { values: this.values(batch), weights: batch.weights };
  }
}
