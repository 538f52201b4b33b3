/**
 * Base class of all errors that report invalid use. Messages have the form `[operation] got X, wanted Y. How to fix it.`
 */
export class NdgradError extends Error {
  override name = 'NdgradError';

  constructor(message?: string, options?: ErrorOptions) {
    super(message === undefined || message.length < LONGEST ? message : shortened(message), options);
  }
}

const LONGEST = 2000;

/** The beginning and the end, which says what to do. */
const shortened = (text: string): string => `${text.slice(0, LONGEST - 600)} ... ${text.slice(-500)}`;

/** Shapes, ranks or axes that do not fit an operation or a layer. */
export class ShapeError extends NdgradError {
  override name = 'ShapeError';
}

/** A data type that an operation does not accept. */
export class DTypeError extends NdgradError {
  override name = 'DTypeError';
}

/** A value or an argument that is out of range: an index, a rate, an option. */
export class ValueError extends NdgradError {
  override name = 'ValueError';
}

/** A loss, or a new value of a Parameter, that is NaN or infinite. Nothing was overwritten. */
export class NonFiniteError extends ValueError {
  override name = 'NonFiniteError';
}

/**
 * A call at the wrong time: a graph built on an older version of a Parameter, a backend that can't read
 * synchronously.
 */
export class StateError extends NdgradError {
  override name = 'StateError';
}

/** Values that do not fit into the memory of a backend. */
export class MemoryError extends NdgradError {
  override name = 'MemoryError';
}
