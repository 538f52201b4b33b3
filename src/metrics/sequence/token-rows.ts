import { ShapeError, ValueError } from '../../ir/errors.ts';
import { show } from '../../tensor/shape.ts';
import { largest } from '../classification/class-pairs.ts';
import type { Values } from '../input.ts';

/** Sequences of tokens, [N, T]. */
export interface TokenRows {
  readonly length: number;
  readonly tokens: ArrayLike<number>;
}

/** The predicted tokens: those given [N, T], or those with the largest scores [N, T, C]. */
export function predictedTokens(operation: string, predictions: Values): TokenRows {
  const { data, shape } = predictions;
  if (shape.length !== 3) return tokenRows(operation, 'predictions', predictions);
  const [samples, length, classes] = shape as [number, number, number];
  const scores = { shape: [samples * length, classes], data };
  return { length, tokens: largest(operation, 'predictions', scores, classes) };
}

/** @throws ShapeError unless the values are [N, T]. */
export function tokenRows(
  operation: string,
  what: 'labels' | 'predictions',
  { data, shape }: Values,
): TokenRows {
  if (shape.length === 2) {
    for (let i = 0; i < data.length; i++)
      if (!Number.isInteger(data[i]))
        throw new ValueError(`[${operation}] ${what} have the token ${data[i]}, wanted whole numbers.`);
    return { length: shape[1]!, tokens: data };
  }
  const scores = what === 'predictions' ? ' or scores [N, T, C]' : '';
  throw new ShapeError(`[${operation}] ${what} have shape ${show(shape)}, wanted tokens [N, T]${scores}.`);
}
