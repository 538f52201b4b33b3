import { readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeFolder, realPath } from './folder.ts';
import { processMark, processOf } from './process-mark.ts';

/** The paths that this thread has locked. */
const locked = new Set<string>();

/**
 * Locks a file for this process. The lock is an empty file beside it whose name has the host, the process and its start
 * time, so that the lock of a process that has ended is recognized and removed.
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
  const own = `${prefix}${await processMark()}`;
  const release = async (): Promise<void> => {
    locked.delete(path);
    await rm(join(dirname(path), own), { force: true });
  };
  try {
    // Of two processes that do this at the same time, the later one sees the other's file.
    await writeFile(join(dirname(path), own), '', { flag: 'wx' });
    for (const name of await readdir(dirname(path))) {
      if (name === own || !name.startsWith(prefix)) continue;
      const other = join(dirname(path), name);
      const holder = await processOf(name.slice(prefix.length));
      if (holder.state === 'on another computer') {
        await release();
        return { heldBy: `a process on another computer; delete ${other} if it has ended` };
      }
      if (holder.state === 'running') {
        await release();
        return { heldBy: `process ${holder.pid}` };
      }
      await rm(other, { force: true });
    }
    return { release };
  } catch (error) {
    await release();
    throw error;
  }
}
