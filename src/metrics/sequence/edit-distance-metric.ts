import { checkCount, readOptions } from '../../ir/arguments.ts';
import { ShapeError } from '../../ir/errors.ts';
import { checkState, type State } from '../../ir/state.ts';
import { show } from '../../tensor/shape.ts';
import { type ClassMetricOptions, checkIgnoreIndex } from '../classification/positions.ts';
import { hasSampleWeights, type MetricInput, readGiven } from '../input.ts';
import type { Metric } from '../metric.ts';
import { checkBlank, withoutBlanks } from './ctc-path.ts';
import { distance } from './edit-distance.ts';
import { predictedTokens, type TokenRows, tokenRows } from './token-rows.ts';

/** Options of {@link EditDistance}. */
export interface EditDistanceOptions extends ClassMetricOptions {
  /**
   * Whether to divide the sum of the distances by the sum of the lengths of the labels, which gives the error rate (word error
   * rate, character error rate); false by default: the mean over the sequences.
   */
  readonly normalize?: boolean;
  /**
   * For a model that `ctcLoss` trains: the number of the blank. Of the predictions of each step repetitions, then blanks are
   * removed. None by default.
   */
  readonly blank?: number;
}

/**
 * The mean of the edit distance (Levenshtein 1966) between predicted and true sequences: the smallest number of tokens to insert,
 * delete and replace.
 *
 * Predictions: scores `[N, T, C]` or tokens `[N, T]`. Labels: tokens `[N, L]`. Tokens equal to `ignoreIndex`, such as padding,
 * are left out of both. Sample weights are `[N]`.
 *
 * @throws ShapeError if the shapes do not fit
 * @throws ValueError on a token that is not a whole number and on NaN in a score
 */
export class EditDistance implements Metric {
  static readonly kind: string = 'EditDistance';
  readonly name: string;
  readonly direction = 'min';
  readonly #normalize: boolean;
  readonly #ignoreIndex: number | undefined;
  readonly #blank: number | undefined;
  #edits = 0;
  #divisor = 0;

  constructor(options?: EditDistanceOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    const { name, normalize, ignoreIndex, blank } = readOptions(new.target.kind, options, {
      name: options?.normalize ? 'errorRate' : 'editDistance',
      ...{ normalize: false, ignoreIndex: undefined, blank: undefined },
    });
    checkIgnoreIndex(new.target.kind, ignoreIndex);
    if (blank !== undefined) checkBlank(new.target.kind, blank);
    this.name = name;
    this.#normalize = normalize;
    this.#ignoreIndex = ignoreIndex;
    this.#blank = blank;
  }

  async update(predictions: MetricInput, labels: MetricInput, sampleWeights?: MetricInput): Promise<void> {
    checkCount(this.name, arguments.length, 3);
    const given = await readGiven(this.name, predictions, labels, sampleWeights);
    const { samples, weights } = given;
    if (weights !== undefined && !hasSampleWeights(given)) {
      throw new ShapeError(
        `[${this.name}] got sampleWeights of shape ${show(weights.shape)}, wanted one weight per sequence, [${samples}].`,
      );
    }
    if (this.#blank !== undefined) checkBlank(this.name, this.#blank, given.predictions.shape[2]);
    const truth = tokenRows(this.name, 'labels', given.labels);
    const predicted = predictedTokens(this.name, given.predictions);
    for (let i = 0; i < samples; i++) {
      const weight = weights?.data[i] ?? 1;
      const label = this.#counted(rowOf(truth, i));
      const path = rowOf(predicted, i);
      const prediction = this.#counted(this.#blank === undefined ? path : withoutBlanks(path, this.#blank));
      this.#edits += weight * distance(label, prediction);
      this.#divisor += weight * (this.#normalize ? label.length : 1);
    }
  }

  #counted(tokens: number[]): number[] {
    return tokens.filter((token) => token !== this.#ignoreIndex);
  }

  result(): number {
    checkCount(this.name, arguments.length, 0);
    return this.#edits / this.#divisor;
  }

  reset(): void {
    checkCount(this.name, arguments.length, 0);
    this.#edits = 0;
    this.#divisor = 0;
  }

  getState(): State {
    checkCount('getState', arguments.length, 0);
    return { edits: this.#edits, divisor: this.#divisor };
  }

  setState(state: State): void {
    checkCount('setState', arguments.length, 1);
    checkState(state, this.getState());
    this.#edits = state.edits as number;
    this.#divisor = state.divisor as number;
  }
}

const rowOf = ({ length, tokens }: TokenRows, i: number): number[] =>
  Array.from({ length }, (_, t) => tokens[i * length + t]!);
