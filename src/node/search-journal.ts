import { open, readFile, truncate } from 'node:fs/promises';
import { resolve } from 'node:path';
import { checkCount } from '../ir/arguments.ts';
import { StateError, ValueError } from '../ir/errors.ts';
import type { Journal } from '../search.ts';
import { codeOf } from './error-code.ts';
import { fileError } from './file-error.ts';
import { lockFile } from './file-lock.ts';
import { checkPath } from './path.ts';

/** The start of every journal. */
const START = '{"ndgrad":"search"';

/**
 * A journal in a file, with one line of JSON for each run, written to the disk when the run has finished. Missing
 * directories are created. After an interruption the search continues from there when it is started again; an incomplete
 * last line is removed. You may delete lines, for example to repeat failed trials. One search can use a file at a time: while
 * it runs there is a file `<path>.lock-...`, which the next search removes if the process was killed.
 *
 *     await search({ ..., journal: fileJournal('mnist-search.jsonl') });
 */
export function fileJournal(path: string): Journal {
  checkCount('fileJournal', arguments.length, 1);
  checkPath('fileJournal', path, 'a file');
  const file = resolve(path);
  /** The number of bytes up to the last line break. */
  let complete = 0;
  let incomplete = false;
  return {
    name: path,
    async lock() {
      const lock = await lockFile(file).catch((error: unknown) => {
        throw fileError('fileJournal', path, error, 'a file in a directory to write to');
      });
      if ('release' in lock) return lock.release;
      throw new StateError(
        `[fileJournal] ${path} is in use by another search (${lock.heldBy}). Wait until it has ended, or use a separate file.`,
      );
    },
    async read() {
      const bytes = await readIfThere(file, path);
      complete = bytes.lastIndexOf(0x0a) + 1;
      const start = bytes.toString('utf8', 0, START.length);
      // A file without a complete line is truncated below, so it must be the start of a journal.
      if (complete === 0 && !START.startsWith(start)) {
        throw new ValueError(
          `[fileJournal] ${path} is not the journal of a search, wanted one or an empty file. Use another file.`,
        );
      }
      incomplete = complete < bytes.length;
      return bytes.subarray(0, complete).toString('utf8');
    },
    async append(line) {
      try {
        if (incomplete) await truncate(file, complete);
        incomplete = false;
        const handle = await open(file, 'a');
        try {
          await handle.appendFile(line);
          await handle.sync();
        } finally {
          await handle.close();
        }
      } catch (error) {
        throw fileError('fileJournal', path, error, 'a file to write to');
      }
    },
  };
}

async function readIfThere(file: string, path: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return Buffer.alloc(0);
    throw fileError('fileJournal', path, error, 'a readable file');
  }
}
