import { mkdir, open, readFile, truncate } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ValueError } from '../ir/errors.ts';
import type { Journal } from '../search.ts';

/** What every journal begins with. */
const START = '{"ndgrad":"search"';

/**
 * A file that a search keeps its runs in, one JSON line for each, written through to the disk as soon as the run
 * is over. Folders are made where they are missing. A search that is killed goes on from there when it is
 * started again; a line that was torn off in writing is cut away. Lines may be taken out by hand, to have
 * trials that failed run again, say.
 *
 *     await search({ ..., journal: fileJournal('mnist-search.jsonl') });
 */
export function fileJournal(path: string): Journal {
  const file = resolve(path);
  /** Bytes up to the last line break. */
  let whole = 0;
  let torn = false;
  return {
    name: path,
    async read() {
      const bytes = await readIfThere(file, path);
      whole = bytes.lastIndexOf(0x0a) + 1;
      const start = bytes.toString('utf8', 0, START.length);
      // What has no whole line may be cut off below: only the beginning of a journal is.
      if (whole === 0 && !START.startsWith(start)) {
        throw new ValueError(
          `[fileJournal] ${path} is not the journal of a search, wanted one or an empty file. Name another file.`,
        );
      }
      torn = whole < bytes.length;
      return bytes.subarray(0, whole).toString('utf8');
    },
    async append(line) {
      await mkdir(dirname(file), { recursive: true });
      if (torn) await truncate(file, whole);
      torn = false;
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
