import { checkCount, readOptions } from '../../ir/arguments.ts';
import { exp } from '../../ir/math/index.ts';
import { type Batch, isColumn, type Values } from '../input.ts';
import { ClassMean, type ClassMetricOptions } from './positions.ts';
import { logLosses } from './probabilities.ts';

/** Options of {@link LogLoss}. */
export interface LogLossOptions extends ClassMetricOptions {
  /** Whether predictions are logits, of which sigmoid or softmax gives the probabilities; true by default. */
  readonly fromLogits?: boolean;
}

/**
 * The mean of -log of the probability of the true class, as scikit-learn's `log_loss`, batch by batch. Probabilities are
 * limited to 2^-52 .. 1 - 2^-52.
 *
 * Predictions: `[N]` or `[N, 1]` for class 1, or `[N, C]`; logits, or with `fromLogits: false` probabilities. Labels: 0 or 1
 * `[N]`; for `[N, C]` class indices `[N]`, or one-hot `[N, C]`. Of classes of each word or pixel: `[N, ..., C]` and labels
 * `[N, ...]`.
 *
 * @throws ShapeError if lengths or numbers of classes differ
 * @throws ValueError on a class out of range, on NaN, and on a probability that is not from 0 to 1
 */
export class LogLoss extends ClassMean {
  static readonly kind: string = 'LogLoss';
  readonly direction = 'min';
  readonly #fromLogits: boolean;

  constructor(options?: LogLossOptions) {
    checkCount(new.target.kind, arguments.length, 1);
    const { fromLogits, ignoreIndex, name } = readOptions(new.target.kind, options, {
      ...{ fromLogits: true, ignoreIndex: undefined, name: 'logLoss' },
    });
    super(new.target.kind, name, ignoreIndex);
    this.#fromLogits = fromLogits;
  }

  /** @internal */
  protected override values(batch: Batch): Float64Array {
    const { predictions } = batch;
    return logLosses(
      this.name,
      this.#fromLogits ? { ...batch, predictions: probabilities(predictions) } : batch,
    );
  }
}

/** sigmoid or softmax, in double precision. */
function probabilities(logits: Values): Values {
  const { data, shape } = logits;
  if (isColumn(logits)) return { shape, data: Float64Array.from(data, (x) => 1 / (1 + exp(-x))) };
  const classes = shape[1] ?? 1;
  const result = new Float64Array(data.length);
  for (let start = 0; start < data.length; start += classes) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let c = 0; c < classes; c++) largest = Math.max(largest, data[start + c]!);
    let sum = 0;
    for (let c = 0; c < classes; c++) sum += exp(data[start + c]! - largest);
    for (let c = 0; c < classes; c++) result[start + c] = exp(data[start + c]! - largest) / sum;
  }
  return { shape, data: result };
}
