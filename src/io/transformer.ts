import type { Described } from '../layers/base/network.ts';

/**
 * The state of a transformer: lists of numbers as typed arrays, which become tensors in a file, and numbers, strings,
 * booleans, null, arrays and plain objects.
 */
export type TransformerState = Readonly<Record<string, Described>>;

/** What is done to data before or after a model, such as scaling; fitted on training data, and saved with the model. */
export interface Transformer<I = unknown, O = unknown> {
  /** Learns from data. */
  fit(x: I): Promise<this>;
  transform(x: I): Promise<O>;
  /** Undoes `transform`. */
  inverseTransform?(y: O): Promise<I>;
  /** The arguments of the constructor that build it again. */
  describe(): readonly Described[];
  /** What `fit` has learned. */
  getState(): TransformerState;
  setState(state: TransformerState): void;
}

/** A class of transformers. Its `kind` is its name in files. */
export interface TransformerClass {
  new (...args: never[]): Transformer;
  readonly kind: string;
}
