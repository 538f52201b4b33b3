import { readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout } from '../util/timers.ts';
import { makeFolder, realPath } from './folder.ts';
import { processMark, processOf } from './process-mark.ts';

/** The end of the name of a second file, which says that the process holds the lock. */
const HELD = '-held';

/** The paths that this thread has locked. */
const locked = new Set<string>();

/**
 * Locks a file for this process. The lock are empty files beside it whose names have the host, the process and its start
 * time, so that the lock of a process that has ended is recognized and removed. Of several processes or threads that try at
 * the same time one gets it.
 *
 * @returns a function that releases the lock; or `heldBy`, a description, if the file is locked.
 */
export async function lockFile(
  file: string,
): Promise<{ readonly release: () => Promise<void> } | { readonly heldBy: string }> {
  await makeFolder(dirname(file));
  const path = await realPath(file);
  if (locked.has(path)) return { heldBy: 'this process' };
  locked.add(path);
  const prefix = `${basename(path)}.lock-`;
  const own = `${prefix}${processMark()}`;
  const folder = dirname(path);
  const release = async (): Promise<void> => {
    locked.delete(path);
    await rm(join(folder, own + HELD), { force: true });
    await rm(join(folder, own), { force: true });
  };
  try {
    await writeFile(join(folder, own), '', { flag: 'wx' });
    for (;;) {
      const others: { readonly name: string; readonly pid: number }[] = [];
      for (const name of await readdir(folder)) {
        if (name.startsWith(own) || !name.startsWith(prefix)) continue;
        const other = processOf(name.slice(prefix.length));
        if (other.state === 'on another computer') {
          await release();
          return { heldBy: `a process on another computer; delete ${join(folder, name)} if it has ended` };
        }
        if (other.state === 'running') others.push({ name, pid: other.pid });
        else await rm(join(folder, name), { force: true });
      }
      if (others.length === 0) {
        await writeFile(join(folder, own + HELD), '', { flag: 'wx' });
        return { release };
      }
      // Of several that try at the same time, the one with the first name waits until the others have given up, or one of them,
      // which came before, holds the lock.
      const holder = others.find(({ name }) => name.endsWith(HELD)) ?? others.find(({ name }) => name < own);
      if (holder !== undefined) {
        await release();
        return { heldBy: `process ${holder.pid}` };
      }
      await new Promise<void>((resolve) => setTimeout(resolve, 5));
    }
  } catch (error) {
    await release();
    throw error;
  }
}
