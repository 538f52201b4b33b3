import {
  DTypeError,
  MemoryError,
  NdgradError,
  NonFiniteError,
  ShapeError,
  StateError,
  ValueError,
} from '../ir/errors.ts';
import { errorMessage, isError } from '../util/error-message.ts';

/** An error as plain data: structured clones of errors lose their class. */
export interface ErrorReport {
  /** Of an error of this package; null for others. */
  readonly name: string | null;
  readonly message: string;
  readonly stack: string | undefined;
}

const classes: Readonly<Record<string, typeof NdgradError>> = {
  DTypeError,
  MemoryError,
  NdgradError,
  NonFiniteError,
  ShapeError,
  StateError,
  ValueError,
};

export const reportOf = (error: unknown): ErrorReport => ({
  name: error instanceof NdgradError ? error.name : null,
  message:
    isError(error) && !(error instanceof NdgradError) && !error.message.startsWith(error.name)
      ? `${error.name}: ${errorMessage(error)}`
      : errorMessage(error),
  stack: isError(error) ? error.stack : undefined,
});

/** The error of a report: of the same class if it is one of this package. Its `cause` is the stack in the worker. */
export function errorOf({ name, message, stack }: ErrorReport): NdgradError {
  const Class = (name !== null && classes[name]) || NdgradError;
  const text = name === null ? `[trainInWorker] got an error in the worker: ${message}` : message;
  return new Class(text, { cause: stack });
}
