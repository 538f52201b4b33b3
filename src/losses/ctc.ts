import { type Known, refusal, reportAs } from '../ir/arguments.ts';
import { DTypeError, ShapeError } from '../ir/errors.ts';
import { sameShape } from '../ir/view.ts';
import { type TensorLike, tensor } from '../tensor/creation.ts';
import { takeAlong } from '../tensor/ops/arrangement/along-axis.ts';
import { later, padFront, stack } from '../tensor/ops/arrangement/join.ts';
import { broadcastTo, expandDims, reshape, transpose } from '../tensor/ops/arrangement/views.ts';
import { logSoftmax } from '../tensor/ops/elementwise/activation.ts';
import { maximum } from '../tensor/ops/elementwise/arithmetic.ts';
import { cast } from '../tensor/ops/elementwise/cast.ts';
import { less, logicalAnd, notEqual, where } from '../tensor/ops/elementwise/logic.ts';
import { exp, log } from '../tensor/ops/elementwise/math.ts';
import { checkRange } from '../tensor/ops/elementwise/range-check.ts';
import { logSumExp } from '../tensor/ops/reduction/reduce.ts';
import { iota } from '../tensor/ops/source/iota.ts';
import { scan } from '../tensor/scan/scan.ts';
import { type Shape, show } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { checkLossCall, lossOptions } from './check.ts';
import { expectLogits } from './expect-logits.ts';
import { type LossOptions, reduceRows } from './reduction.ts';

export interface CtcLossOptions extends LossOptions {
  /** The number of the class that stands for no label; 0 by default. */
  readonly blank?: number;
  /** How many of the T steps of each sample are real, the first ones: int32 [N], from 0 to T. All by default. */
  readonly inputLengths?: TensorLike;
  /** How many of the L labels of each sample are real, the first ones: int32 [N], from 0 to L. All by default. */
  readonly labelLengths?: TensorLike;
  /** Instead of `labelLengths`: the number that fills up the labels of a sample, such as -1. None by default. */
  readonly ignoreIndex?: number;
  /**
   * Whether the loss of a sample whose labels are impossible, since they do not fit into its steps, is 0. False by default: it is
   * infinite. Its gradient is 0 in both cases.
   */
  readonly zeroInfinity?: boolean;
}

const name = 'ctcLoss';

const knownOptions: Known<CtcLossOptions> = {
  ...lossOptions,
  ...{ blank: 0, inputLengths: 0, labelLengths: 0, ignoreIndex: 0, zeroInfinity: true },
};

/** Stands for log 0: sums of it are finite. */
const impossible = -1e30;

/**
 * Connectionist temporal classification (Graves et al. 2006): -log of the probability of the labels, in their order but at unknown
 * steps, for speech and handwriting. In each step a model says a label or the blank; repetitions of a label count once, and
 * blanks are removed, so a label that occurs twice in a row needs a blank between. The probability is summed over all such
 * paths in log space. As in PyTorch the mean divides the loss of each sample by its number of labels, at least 1.
 *
 * @param logits float32 [N, T, C], or log-probabilities, for which the loss and the gradient are the same.
 * @param labels class numbers [N, L] (int32 or uint8) without blanks.
 * @returns a scalar; with reduction `none` the shape [N].
 * @throws ShapeError, DTypeError if logits, labels and lengths do not fit.
 * @throws ValueError, when the loss is computed, for a label that is the blank or not in 0 .. C - 1, and for a length out of range.
 */
export function ctcLoss(
  logits: Tensor,
  labels: Tensor,
  options: CtcLossOptions = {},
): Tensor<Shape, 'float32'> {
  checkLossCall(name, arguments.length, logits, labels, options, knownOptions);
  checkShapes(logits, labels);
  expectLogits(name, logits);
  const [samples, steps, classes] = logits.shape as [number, number, number];
  const { blank = 0, zeroInfinity = false } = options;
  if (!(Number.isInteger(blank) && blank >= 0 && blank < classes))
    throw refusal(name, 'blank', blank, `a class from 0 to ${classes - 1}`);
  const inputLengths = lengthsOf('inputLengths', options.inputLengths, samples, steps);
  const labelLengths = labelLengthsOf(labels, options);

  const path = withBlanks(labels, labelLengths, blank, classes);
  const states = path.shape[1]!;
  // The blank between two different labels may be left out.
  const skips = logicalAnd(notEqual(path, blank), notEqual(path, later(path, 1, 2, blank)));

  const logs: Tensor = transpose(logSoftmax(cast(logits, 'float32')), [1, 0, 2]);
  const ofStates = takeAlong(logs, broadcastTo(path, [steps, samples, states]), 2);
  const place = reshape(iota(states), [1, states]);
  const start = broadcastTo(where(less(place, 1), 0, impossible), [samples, states]);
  const [[last]] = scan(
    ([alpha], [logProbability]) => {
      const all = [
        alpha!,
        later(alpha!, 1, 1, impossible),
        where(skips, later(alpha!, 1, 2, impossible), impossible),
      ] as const;
      const largest = all.reduce((a, b) => maximum(a, b)).detach();
      const sum = all.map((x) => exp(x.sub(largest))).reduce((a, b) => a.add(b));
      return [[log(sum).add(largest).add(logProbability!)]];
    },
    [start],
    [maximum(ofStates, impossible)],
    { lengths: inputLengths },
  );

  // Paths end in the last label or in the blank behind it.
  const end = expandDims(labelLengths.mul(2), 1);
  const isEnd = logicalAnd(less(place, end.add(1)), less(end.sub(2), place));
  const logLikelihood = logSumExp(where(isEnd, last!, impossible), 1);
  const isPossible = less(impossible / 10, logLikelihood);
  const losses = where(isPossible, logLikelihood.neg(), zeroInfinity ? 0 : Number.POSITIVE_INFINITY);
  const isMean = (options.reduction ?? 'mean') === 'mean';
  return reduceRows(name, isMean ? losses.div(maximum(labelLengths, 1)) : losses, options);
}

function checkShapes(logits: Tensor, labels: Tensor): void {
  if (logits.rank !== 3 || logits.shape[1]! < 1 || logits.shape[2]! < 2)
    throw new ShapeError(
      `[${name}] got logits ${show(logits.shape)}, wanted [N, T, C] with T from 1 and C from 2 up.`,
    );
  if (labels.rank !== 2 || labels.shape[0] !== logits.shape[0])
    throw new ShapeError(
      `[${name}] got labels ${show(labels.shape)}, wanted class numbers [${logits.shape[0]}, L].`,
    );
  if (labels.dtype !== 'int32' && labels.dtype !== 'uint8')
    throw new DTypeError(
      `[${name}] got ${labels.dtype} labels, wanted class numbers in int32 or uint8: tensor(labels, { dtype: 'int32' }).`,
    );
}

function labelLengthsOf(labels: Tensor, { ignoreIndex, labelLengths }: CtcLossOptions): Tensor {
  const [samples, length] = labels.shape as [number, number];
  if (ignoreIndex === undefined) return lengthsOf('labelLengths', labelLengths, samples, length);
  if (!Number.isInteger(ignoreIndex) || labelLengths !== undefined)
    throw refusal(name, 'ignoreIndex', ignoreIndex, 'a whole number, without labelLengths');
  return cast(notEqual(cast(labels, 'int32'), ignoreIndex), 'int32').sum(1);
}

/** Lengths [N] that are checked when they are computed. */
function lengthsOf(what: string, given: TensorLike | undefined, samples: number, most: number): Tensor {
  const lengths: Tensor = reportAs(name, () => {
    if (given instanceof Tensor) return given;
    return tensor(given === undefined ? new Int32Array(samples).fill(most) : given, { dtype: 'int32' });
  });
  if (lengths.dtype !== 'int32' && lengths.dtype !== 'uint8')
    throw new DTypeError(`[${name}] got ${lengths.dtype} ${what}, wanted int32: cast them.`);
  if (!sameShape(lengths.shape, [samples]))
    throw new ShapeError(`[${name}] got ${what} ${show(lengths.shape)}, wanted [${samples}].`);
  return checkRange(name, what, cast(lengths, 'int32'), 0, most);
}

/** The labels with a blank before, between and behind, [N, 2 L + 1]. Those that are filled up are blanks. */
function withBlanks(labels: Tensor, lengths: Tensor, blank: number, classes: number): Tensor {
  const [samples, length] = labels.shape as [number, number];
  const isReal = less(reshape(iota(length), [1, length]), expandDims(lengths, 1));
  // In place of a label that does not count any other class passes the check.
  const filler = blank === 0 ? 1 : 0;
  const real = checkRange(
    name,
    'the label',
    where(isReal, cast(labels, 'int32'), filler),
    0,
    classes - 1,
    blank,
  );
  const pairs = stack(
    [where(isReal, real, blank), broadcastTo(tensor(blank, { dtype: 'int32' }), labels.shape)],
    2,
  );
  return padFront(reshape(pairs, [samples, 2 * length]), 1, 1, blank);
}
