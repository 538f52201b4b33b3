import { checkCount, readOptions, refusal } from '../../ir/arguments.ts';
import { ShapeError, ValueError } from '../../ir/errors.ts';
import { show } from '../../tensor/shape.ts';
import { type MetricInput, readArray } from '../input.ts';
import { predictedTokens } from './token-rows.ts';

/** Options of {@link ctcGreedyDecode}. */
export interface CtcDecodeOptions {
  /** The number of the class that stands for no label; 0 by default. */
  readonly blank?: number;
  /** How many of the T steps of each sequence are real, `[N]`; all by default. */
  readonly inputLengths?: MetricInput;
}

/**
 * The labels of the most probable path: of the class with the largest score in each step repetitions, then blanks are removed
 * (best path decoding of Graves et al. 2006). Their probability is not always the largest, since several paths have the same labels.
 *
 * @param logits of a model that `ctcLoss` trains, or log-probabilities, `[N, T, C]`.
 * @returns the labels of each sequence.
 * @throws ShapeError, ValueError if lengths do not fit, and on NaN.
 */
export async function ctcGreedyDecode(
  logits: MetricInput,
  options: CtcDecodeOptions = {},
): Promise<number[][]> {
  const name = 'ctcGreedyDecode';
  checkCount(name, arguments.length, 2);
  const { blank, inputLengths } = readOptions(name, options, { blank: 0, inputLengths: undefined });
  const scores = await readArray(name, 'logits', logits);
  const { shape } = scores;
  if (shape.length !== 3) throw new ShapeError(`[${name}] got logits ${show(shape)}, wanted [N, T, C].`);
  checkBlank(name, blank, shape[2]);
  const lengths =
    inputLengths === undefined ? undefined : await readArray(name, 'inputLengths', inputLengths);
  if (lengths && show(lengths.shape) !== show(shape.slice(0, 1)))
    throw new ShapeError(`[${name}] got inputLengths ${show(lengths.shape)}, wanted [${shape[0]}].`);
  const { length, tokens } = predictedTokens(name, scores);
  return Array.from({ length: shape[0]! }, (_, i) => {
    const count = lengths?.data[i] ?? length;
    if (!(Number.isInteger(count) && count >= 0 && count <= length))
      throw new ValueError(
        `[${name}] got the input length ${count}, wanted a whole number from 0 to ${length}.`,
      );
    return withoutBlanks(
      Array.from({ length: count }, (_, t) => tokens[i * length + t]!),
      blank,
    );
  });
}

/** @throws ValueError unless the blank is one of the classes, if their number is known. */
export function checkBlank(operation: string, blank: number, classes?: number): void {
  if (Number.isSafeInteger(blank) && blank >= 0 && !(blank >= classes!)) return;
  const wanted = classes === undefined ? 'a whole number from 0 up' : `a class from 0 to ${classes - 1}`;
  throw refusal(operation, 'blank', blank, wanted);
}

/** The labels of a path: without repetitions, then without blanks. */
export const withoutBlanks = (path: readonly number[], blank: number): number[] =>
  path.filter((label, t) => label !== blank && label !== path[t - 1]);
