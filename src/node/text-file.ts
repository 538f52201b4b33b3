import { appendFile, stat, truncate } from 'node:fs/promises';
import { checkCount } from '../ir/arguments.ts';
import type { LogFile } from '../train/callbacks/epoch-log.ts';
import { codeOf } from './error-code.ts';
import { fileError } from './file-error.ts';
import { checkPath } from './path.ts';

/**
 * A text file for `csvLog` and `jsonLinesLog`. It is made by the first line; its folder must exist.
 *
 * @throws ValueError, StateError from its methods for a path that can't be written to.
 */
export function textFile(path: string): LogFile {
  checkCount('textFile', arguments.length, 1);
  checkPath('textFile', path, 'a file');
  const system = <T>(work: Promise<T>, absent?: T): Promise<T> =>
    work.catch((error: unknown) => {
      if (absent !== undefined && codeOf(error) === 'ENOENT') return absent;
      throw fileError('textFile', path, error, 'a file to write to');
    });
  const size = (): Promise<number> =>
    system(
      stat(path).then((found) => found.size),
      0,
    );
  return {
    size,
    async truncate(to) {
      if ((await size()) > to) await system(truncate(path, to));
    },
    append: (text) => system(appendFile(path, text)),
  };
}
