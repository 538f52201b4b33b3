import { checkArray, checkCount, checkOptions, type Known, refusal } from '../../ir/arguments.ts';
import { ValueError } from '../../ir/errors.ts';
import type { SyncMetricInput } from '../input.ts';
import { averaged, checkZeroDivision, perClass, type Score, sum, totalsAt } from './class-scores.ts';
import { type ConfusionOptions, confusionOptions, countsOf, tally } from './functions.ts';

/** Options of {@link classificationReport}. */
export interface ReportOptions extends ConfusionOptions {
  /** A name for each row, or for each class if `numClasses` is given. */
  readonly targetNames?: readonly string[];
  /** Digits after the decimal point; default 2, at most 100. */
  readonly digits?: number;
  /**
   * The score of a class for which it is 0 / 0: 0 (default), 1, or NaN to exclude the class from a mean.
   */
  readonly zeroDivision?: number;
}

const reportOptions: Known<ReportOptions> = {
  ...confusionOptions,
  targetNames: 0,
  digits: 0,
  zeroDivision: 0,
};

const HEADERS = ['precision', 'recall', 'f1-score', 'support'];
const SCORES: readonly Score[] = ['precision', 'recall', 'f1'];

/**
 * A table of precision, recall, F1 and number of samples per class, with averages, laid out as scikit-learn's
 * `classification_report`. It ends in a line break. The rows are `labels`, by default the classes that occur
 * in labels or predictions. If `labels` omits a class that occurs, a micro average replaces the accuracy.
 *
 * @param labels the true classes: class indices `[N]`, or one-hot or soft `[N, C]`
 * @param predictions class indices `[N]` or scores `[N, C]`
 * @throws ShapeError if lengths or numbers of classes differ
 * @throws ValueError on a class out of range, on NaN in a score, without samples, and on names that do
 *   not match the rows
 */
export function classificationReport(
  labels: SyncMetricInput,
  predictions: SyncMetricInput,
  options: ReportOptions = {},
): string {
  const operation = 'classificationReport';
  checkCount(operation, arguments.length, 3);
  checkOptions(operation, options, reportOptions);
  const { digits = 2, zeroDivision = 0 } = options;
  checkZeroDivision(operation, zeroDivision);
  if (!Number.isInteger(digits) || digits < 0 || digits > 100) {
    throw new ValueError(`[${operation}] digits is ${digits}, wanted a whole number from 0 to 100.`);
  }
  const pairs = tally(operation, labels, predictions, options);
  const counts = countsOf(pairs);
  const rows = options.labels ?? pairs.present;
  const totals = totalsAt(counts, rows.map(pairs.indexOf));
  const names = rowNames(operation, rows, options);
  // scikit-learn's counts are floats where there are weights, and where not one prediction is right.
  const wholeCounts = pairs.weights === undefined && counts.hits.some((hits) => hits > 0);
  const supportText = (support: number) => (wholeCounts ? String(support) : floatText(support));
  const support = supportText(sum(totals.truth));

  const width = Math.max(...names.map(length), 'weighted avg'.length, digits);
  const line = (heading: string, cells: readonly string[]) =>
    `${padStart(heading, width)} ${cells.map((cell) => ` ${padStart(cell, 9)}`).join('')}\n`;
  const columns = SCORES.map((score) => perClass(score, totals, zeroDivision));
  const averages = (average: 'micro' | 'macro' | 'weighted') =>
    SCORES.map((score) => fixed(averaged(score, totals, average, zeroDivision), digits));

  let report = `${line('', HEADERS)}\n`;
  names.forEach((name, row) => {
    const scores = columns.map((column) => fixed(column[row]!, digits));
    report += line(name, [...scores, supportText(totals.truth[row]!)]);
  });
  report += '\n';
  const complete = pairs.present.every((label) => rows.includes(label));
  const micro = averages('micro');
  report += complete
    ? line('accuracy', ['', '', micro[2]!, support])
    : line('micro avg', [...micro, support]);
  report += line('macro avg', [...averages('macro'), support]);
  report += line('weighted avg', [...averages('weighted'), support]);
  return report;
}

function rowNames(
  operation: string,
  rows: readonly number[],
  { targetNames, numClasses }: ReportOptions,
): readonly string[] {
  if (targetNames === undefined) return rows.map(String);
  checkArray(operation, 'targetNames', targetNames, "['cat', 'dog']");
  for (const name of targetNames)
    if (typeof name !== 'string') throw refusal(operation, 'a target name', name, 'a string');
  if (targetNames.length === rows.length) return targetNames;
  if (targetNames.length === numClasses) return rows.map((label) => targetNames[label]!);
  throw new ValueError(
    `[${operation}] ${targetNames.length} targetNames for ${rows.length} rows (classes ${rows.join(', ')}). ` +
      'Give one name per row, or one per class together with numClasses.',
  );
}

/** Python's `format(value, '.{digits}f')`: ties go to the even digit, where `toFixed` rounds up. */
function fixed(value: number, digits: number): string {
  if (Number.isNaN(value)) return 'nan';
  const text = value.toFixed(digits);
  // A tie is an odd multiple of 2^-(digits + 1).
  let scaled = value;
  for (let i = 0; i <= digits; i++) scaled *= 2;
  const last = Number(text.at(-1));
  return scaled % 2 === 1 && last % 2 === 1 ? `${text.slice(0, -1)}${last - 1}` : text;
}

/** Python's `str(value)` of a float that is not negative. */
function floatText(value: number): string {
  const [digits, exponent] = value.toExponential().split('e') as [string, string];
  const power = Number(exponent);
  if (power < -4 || power >= 16) {
    return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`;
  }
  const text = String(value);
  return Number.isInteger(value) ? `${text}.0` : text;
}

/** Length in characters as Python counts them, not in UTF-16 units. */
function length(text: string): number {
  return [...text].length;
}

function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - length(text))) + text;
}
