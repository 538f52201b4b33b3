import { refusal } from '../ir/arguments.ts';

/** @throws ValueError unless it is a path. */
export function checkPath(
  operation: string,
  path: unknown,
  of: 'a file' | 'a folder',
): asserts path is string {
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return;
  throw refusal(operation, 'path', path, `the path of ${of} as a string`);
}
