import { StateError } from '../ir/errors.ts';
import { isError } from '../util/error-message.ts';

const reasons: Readonly<Record<string, readonly [what: string, fix: string]>> = {
  QuotaExceededError: ["the browser's storage for this site is full", 'Remove files, then try again.'],
  NoModificationAllowedError: ['in use', 'Close it in other tabs, then try again.'],
  InvalidStateError: ['changed or in use', 'Try again.'],
  NotReadableError: ['changed, removed or not readable', 'Open it again.'],
  NotFoundError: ['changed or removed', 'Open it again.'],
  SecurityError: ['the browser refuses storage to this page', 'Allow it, or leave private browsing.'],
  NotAllowedError: ['the browser refuses access', 'Ask for permission in the page.'],
};

/** The name of an error of the browser, such as `NotFoundError`; undefined for other values. */
export const nameOf = (error: unknown): string | undefined => {
  const { name } = Object(error) as { name?: unknown };
  return typeof name === 'string' && (isError(error) || name in reasons) ? name : undefined;
};

/** The error for a call of the browser's storage that has failed, in one line; other errors as they are. */
export function storageError(operation: string, what: string, error: unknown): unknown {
  const name = nameOf(error);
  if (name === undefined || !Object.hasOwn(reasons, name)) return error;
  const [reason, fix] = reasons[name]!;
  return new StateError(`[${operation}] ${what}: got ${name} (${reason}), wanted access to it. ${fix}`, {
    cause: error,
  });
}
