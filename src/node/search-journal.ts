import { mkdir, open, readFile, truncate } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { checkCount, describe } from '../ir/arguments.ts';
import { ValueError } from '../ir/errors.ts';
import type { Journal } from '../search.ts';

/** The start of every journal. */
const START = '{"ndgrad":"search"';

/**
 * A journal in a file, with one line of JSON for each run, written to the disk when the run has finished. Missing
 * directories are created. After an interruption the search continues from there when it is started again; an incomplete
 * last line is removed. You may delete lines, for example to repeat failed trials.
 *
 *     await search({ ..., journal: fileJournal('mnist-search.jsonl') });
 */
export function fileJournal(path: string): Journal {
  checkCount('fileJournal', arguments.length, 1);
  if (typeof path !== 'string') {
    throw new ValueError(`[fileJournal] got ${describe(path)}, wanted the path of a file as a string.`);
  }
  const file = resolve(path);
  /** The number of bytes up to the last line break. */
  let complete = 0;
  let incomplete = false;
  return {
    name: path,
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
      await mkdir(dirname(file), { recursive: true });
      if (incomplete) await truncate(file, complete);
      incomplete = false;
      const handle = await open(file, 'a');
      try {
        await handle.appendFile(line);
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
  };
}

async function readIfThere(file: string, path: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') return Buffer.alloc(0);
    const got = `got ${code ?? error}, wanted a readable file`;
    throw new ValueError(`[fileJournal] ${path}: ${got}. Check the path.`, { cause: error });
  }
}
