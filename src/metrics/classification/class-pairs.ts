import { ShapeError, ValueError } from '../../ir/errors.ts';
import { show } from '../../tensor/shape.ts';
import { type Batch, isColumn, type Values } from '../input.ts';

const LARGEST_CLASS = 2147483647;

/** The true and the predicted class of every sample of a batch. */
export interface ClassPairs {
  readonly truth: Int32Array;
  readonly predicted: Int32Array;
}

/**
 * Reads classes from predictions (`[N]` class indices or `[N, C]` scores) and labels (`[N]` or `[N, 1]` class
 * indices, or `[N, C]` one-hot or soft). The class of a row is that of its first largest entry. NaN in a row is an error:
 * `argmax` treats it as the largest value, so a diverged model would seem to predict class 0.
 */
export function classPairs(operation: string, batch: Batch, numClasses?: number): ClassPairs {
  const { predictions, labels } = batch;
  if (predictions.shape.length === 2 && predictions.shape[1] === 1) {
    throw new ShapeError(
      `[${operation}] predictions have shape ${show(predictions.shape)}, one score per sample, wanted one score ` +
        'per class. Use BinaryAccuracy, or compare with a threshold and pass classes 0 and 1 of shape [N].',
    );
  }
  const count = numClasses ?? columns(predictions) ?? columns(labels);
  return {
    truth: isColumn(labels)
      ? classIndices(operation, 'label', labels, count)
      : largest(operation, 'labels', labels, count),
    predicted: isColumn(predictions)
      ? classIndices(operation, 'prediction', predictions, count)
      : largest(operation, 'predictions', predictions, count),
  };
}

/** The labels `[N]` or `[N, 1]` as class indices in `[0, numClasses)`. */
export function classIndices(
  operation: string,
  what: string,
  { shape, data }: Values,
  numClasses: number | undefined,
): Int32Array {
  const limit = numClasses === undefined ? LARGEST_CLASS : numClasses - 1;
  const classes = new Int32Array(shape[0]!);
  for (let i = 0; i < classes.length; i++) {
    const value = data[i]!;
    if (!Number.isInteger(value)) {
      throw new ValueError(
        `[${operation}] ${what} ${i} is ${value}, wanted a class index, which is a whole number. ` +
          'Pass scores of shape [N, C], or class indices of shape [N].',
      );
    }
    if (value < 0 || value > limit) {
      throw new ValueError(
        `[${operation}] ${what} ${i} is class ${value}, wanted a class from 0 to ${limit}. ` +
          'Number the classes from 0, or change the number of classes.',
      );
    }
    classes[i] = value;
  }
  return classes;
}

/** Checks that a value is `[N, C]` scores with `C >= 1` and returns `C`. */
export function scoreColumns(operation: string, what: string, { shape }: Values): number {
  const count = shape[1];
  if (shape.length !== 2 || count === 0) {
    throw new ShapeError(
      `[${operation}] ${what} have shape ${show(shape)}, wanted [N, C], a row per sample with an entry per class. ` +
        'Reshape to [N, C].',
    );
  }
  return count!;
}

export function largest(
  operation: string,
  what: 'labels' | 'predictions',
  values: Values,
  numClasses: number | undefined,
): Int32Array {
  const width = scoreColumns(operation, what, values);
  if (width !== numClasses) {
    throw new ShapeError(
      `[${operation}] ${what} have shape ${show(values.shape)}, but there are ${numClasses} classes. ` +
        'Make the number of columns and of classes equal.',
    );
  }
  const { data } = values;
  const classes = new Int32Array(values.shape[0]!);
  for (let i = 0; i < classes.length; i++) {
    const start = i * width;
    let best = 0;
    for (let j = 0; j < width; j++) {
      const value = data[start + j]!;
      if (Number.isNaN(value)) throw nanError(operation, what, i, j);
      if (value > data[start + best]!) best = j;
    }
    if (what === 'labels' && data[start + best]! <= 0) {
      throw new ValueError(
        `[${operation}] labels[${i}] has no entry above 0, so it has no class. ` +
          'Make each row one-hot or a distribution over the classes.',
      );
    }
    classes[i] = best;
  }
  return classes;
}

export function nanError(operation: string, what: string, row: number, column?: number): ValueError {
  const entry = column === undefined ? `[${row}]` : `[${row}, ${column}]`;
  const fix = what === 'labels' ? 'Clean the data.' : 'The model has diverged or its input contains NaN.';
  return new ValueError(`[${operation}] ${what}${entry} is NaN, wanted a number. ${fix}`);
}

function columns({ shape }: Values): number | undefined {
  return shape.length === 2 && shape[1]! > 1 ? shape[1] : undefined;
}
