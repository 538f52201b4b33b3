import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout } from '../util/timers.ts';
import { codeOf } from './error-code.ts';

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
  await makeDirectory(dirname(file));
  const path = await realPath(file);
  if (locked.has(path)) return { heldBy: 'this process' };
  locked.add(path);
  const prefix = `${basename(path)}.lock-`;
  const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
  const own = `${prefix}${host}-${process.pid}-${await startTime(process.pid)}-${randomBytes(4).toString('hex')}`;
  const folder = dirname(path);
  const release = async (): Promise<void> => {
    locked.delete(path);
    await rm(join(folder, own + HELD), { force: true });
    await rm(join(folder, own), { force: true });
  };
  try {
    await writeFile(join(folder, own), '', { flag: 'wx' });
    for (;;) {
      const others: string[] = [];
      for (const name of await readdir(folder)) {
        if (name.startsWith(own) || !name.startsWith(prefix)) continue;
        const [otherHost, pid, start] = name.slice(prefix.length).split('-');
        if (otherHost !== host) {
          await release();
          return { heldBy: `a process on another computer; delete ${join(folder, name)} if it has ended` };
        }
        if (isRunning(Number(pid)) && (await startTime(Number(pid))) === start) others.push(name);
        else await rm(join(folder, name), { force: true });
      }
      if (others.length === 0) {
        await writeFile(join(folder, own + HELD), '', { flag: 'wx' });
        return { release };
      }
      // Of several that try at the same time, the one with the first name waits until the others have given up, or one of them,
      // which came before, holds the lock.
      const holder = others.find((name) => name.endsWith(HELD)) ?? others.find((name) => name < own);
      if (holder !== undefined) {
        await release();
        return { heldBy: `process ${holder.slice(prefix.length).split('-')[1]}` };
      }
      await new Promise<void>((resolve) => setTimeout(resolve, 5));
    }
  } catch (error) {
    await release();
    throw error;
  }
}

/** Makes a directory and those above it. Node's own `recursive` does not return for `/proc/new`. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const parent = dirname(path);
    if (codeOf(error) === 'ENOENT' && parent !== path) {
      await makeDirectory(parent);
      await mkdir(path).catch((again: unknown) => {
        if (codeOf(again) !== 'EEXIST') throw again;
      });
    } else if (!(await stat(path).catch(() => undefined))?.isDirectory()) {
      throw error;
    }
  }
}

/** The path without symbolic links; the file need not exist. */
async function realPath(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch {
    return join(await realpath(dirname(file)), basename(file));
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: a process of another user.
    return codeOf(error) === 'EPERM';
  }
}

/** When a process was started, in clock ticks since the computer was; `0` where there is no /proc. */
async function startTime(pid: number): Promise<string> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in parentheses, may contain spaces. The start time is field 22.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!;
  } catch {
    return '0';
  }
}
