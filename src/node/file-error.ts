import { StateError, ValueError } from '../ir/errors.ts';
import { codeOf } from './error-code.ts';

interface Reason {
  readonly what: string;
  readonly fix: string;
  /** The same call can succeed later. */
  readonly passes?: true;
}

const permission: Reason = {
  what: 'permission denied',
  fix: 'Change the permissions, or use another folder.',
};
const openFiles: Reason = {
  what: 'too many open files',
  fix: 'Close some, or raise the limit.',
  passes: true,
};

const reasons: Readonly<Record<string, Reason>> = {
  ENOSPC: { what: 'the disk is full', fix: 'Free space, then try again.', passes: true },
  EDQUOT: { what: 'the disk quota is used up', fix: 'Free space, then try again.', passes: true },
  EFBIG: {
    what: 'larger than the disk or `ulimit -f` allows',
    fix: 'Raise the limit, or write several files.',
    passes: true,
  },
  EIO: { what: 'the disk has failed', fix: 'Use another disk.', passes: true },
  EBUSY: { what: 'in use', fix: 'Close it in other programs, then try again.', passes: true },
  EMFILE: openFiles,
  ENFILE: openFiles,
  EROFS: { what: 'the disk is read-only', fix: 'Use another folder.' },
  EACCES: permission,
  EPERM: permission,
};

/**
 * The error for a call of the system that has failed, in one line; other errors as they are.
 *
 * @param wanted what the path should have been.
 * @returns a StateError if the same call can succeed later, else a ValueError.
 */
export function fileError(operation: string, path: string, error: unknown, wanted: string): Error {
  const code = codeOf(error);
  if (typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code)) return error as Error;
  const reason = Object.hasOwn(reasons, code) ? reasons[code] : undefined;
  const got = reason === undefined ? code : `${code} (${reason.what})`;
  const Kind = reason?.passes ? StateError : ValueError;
  const fix = reason?.fix ?? 'Check the path.';
  return new Kind(`[${operation}] ${path}: got ${got}, wanted ${wanted}. ${fix}`, { cause: error });
}
