import { checkArray, checkCount, describe } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';

/** A text, of which the characters (code points) count, or a list of tokens, such as numbers or words. */
export type TokenSequence = string | ArrayLike<string | number>;

/**
 * The smallest number of insertions, deletions and replacements of tokens that make one sequence of the other (Levenshtein 1966).
 *
 * @param labels the true sequence. @param predictions the predicted one.
 */
export function editDistance(labels: TokenSequence, predictions: TokenSequence): number {
  checkCount('editDistance', arguments.length, 2);
  return distance(
    tokensOf('editDistance', 'labels', labels),
    tokensOf('editDistance', 'predictions', predictions),
  );
}

/**
 * The sum of the edit distances, divided by the sum of the lengths of the true sequences, as in torchmetrics: the character error
 * rate of texts, the word error rate of lists of words (`text.split(' ')`). It may be above 1. NaN without tokens.
 *
 * @param labels the true sequences. @param predictions the predicted ones, as many.
 * @throws ValueError if there are not as many.
 */
export function errorRate(labels: readonly TokenSequence[], predictions: readonly TokenSequence[]): number {
  checkCount('errorRate', arguments.length, 2);
  checkArray('errorRate', 'labels', labels, "['a text']");
  checkArray('errorRate', 'predictions', predictions, "['a text']");
  if (labels.length !== predictions.length)
    throw new ValueError(
      `[errorRate] got ${labels.length} labels and ${predictions.length} predictions, wanted one prediction for each label.`,
    );
  let edits = 0;
  let length = 0;
  labels.forEach((label, i) => {
    const truth = tokensOf('errorRate', `labels[${i}]`, label);
    edits += distance(truth, tokensOf('errorRate', `predictions[${i}]`, predictions[i]));
    length += truth.length;
  });
  return edits / length;
}

/** The edit distance, row by row of the table of the distances of beginnings (Wagner and Fischer 1974). */
export function distance<T>(a: ArrayLike<T>, b: ArrayLike<T>): number {
  const row = Int32Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    let diagonal = row[0]!;
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const replaced = diagonal + (a[i - 1] === b[j - 1] ? 0 : 1);
      diagonal = row[j]!;
      row[j] = Math.min(replaced, diagonal + 1, row[j - 1]! + 1);
    }
  }
  return row[b.length]!;
}

function tokensOf(operation: string, what: string, sequence: unknown): ArrayLike<unknown> {
  if (typeof sequence === 'string') return Array.from(sequence);
  if (typeof sequence === 'object' && typeof (sequence as ArrayLike<unknown> | null)?.length === 'number')
    return sequence as ArrayLike<unknown>;
  throw new ValueError(
    `[${operation}] got ${what} ${describe(sequence)}, wanted a string or an array of tokens.`,
  );
}
