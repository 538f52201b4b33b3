import { rmSync } from 'node:fs';
import { access, constants, type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Content, partsOf } from '../io/content.ts';
import { ValueError } from '../ir/errors.ts';
import { setTimeout } from '../util/timers.ts';
import { codeOf } from './error-code.ts';
import { fileError } from './file-error.ts';
import { makeFolder, realPath, syncFolder } from './folder.ts';
import { processMark, processOf } from './process-mark.ts';

/** The temporary files that this process is writing. */
const unfinished = new Set<string>();

const removeUnfinished = (): void => {
  for (const path of unfinished) rmSync(path, { force: true });
};

/**
 * Writes a file whole or not at all, whatever happens to this process or the computer: into a temporary file in the same
 * folder, from there to the disk, and then renamed. Missing folders are made. A symbolic link stays, and its target is
 * replaced. The permissions of an old file are kept.
 */
export async function writeWhole(operation: string, path: string, content: Content): Promise<void> {
  const system = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw fileError(operation, path, error, 'a file to write to');
    });
  await system(makeFolder(dirname(path)));
  const target = await system(realPath(path));
  const mode = await system(modeOf(target));
  if (mode === null)
    throw new ValueError(`[${operation}] ${path}: got a folder or a device, wanted a file. Check the path.`);
  const folder = dirname(target);
  const others = await removeStale(folder);
  const temporary = join(folder, `${PREFIX}${processMark()}${SUFFIX}`);
  if (unfinished.size === 0) process.on('exit', removeUnfinished);
  unfinished.add(temporary);
  try {
    const handle = await system(open(temporary, 'wx', mode));
    try {
      await removeOld(others, (await system(handle.stat())).mtimeMs);
      for await (const part of partsOf(operation, content)) await system(writeAll(handle, part));
      await system(handle.sync());
    } finally {
      await system(handle.close());
    }
    await system(renameFile(temporary, target));
    await system(syncFolder(folder));
  } catch (error) {
    await remove(temporary);
    throw error;
  } finally {
    unfinished.delete(temporary);
    if (unfinished.size === 0) process.off('exit', removeUnfinished);
  }
}

/** The permissions of a file that may be written, or those of a new one; null for what is no file. */
async function modeOf(path: string): Promise<number | null> {
  try {
    const found = await stat(path);
    if (!found.isFile()) return null;
    await access(path, constants.W_OK);
    return found.mode & 0o777;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0o666;
    throw error;
  }
}

/** Larger writes would block one of Node's few threads for long. */
const MOST = 64 * 1024 * 1024;

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let from = 0; from < bytes.length; ) {
    from += (await handle.write(bytes, from, Math.min(MOST, bytes.length - from))).bytesWritten;
  }
}

const wait = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Renames a file. On Windows this fails while another program, such as a virus scanner, has one of the two files open; it
 * is tried for some seconds.
 */
export async function renameFile(
  from: string,
  to: string,
  host = { platform: process.platform as string, rename, wait },
): Promise<void> {
  for (let milliseconds = 10; ; milliseconds *= 2) {
    try {
      return await host.rename(from, to);
    } catch (error) {
      const passes = ['EPERM', 'EACCES', 'EBUSY'].includes(String(codeOf(error)));
      if (host.platform !== 'win32' || !passes || milliseconds > 3000) throw error;
    }
    await host.wait(milliseconds);
  }
}

const PREFIX = '.ndgrad-';
const SUFFIX = '.tmp';
const DAY = 24 * 60 * 60 * 1000;

/**
 * Removes temporary files of processes that have ended.
 *
 * @returns those of other computers, whose processes may be running.
 */
async function removeStale(folder: string): Promise<string[]> {
  const others: string[] = [];
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(PREFIX) || !name.endsWith(SUFFIX)) continue;
    const { state } = processOf(name.slice(PREFIX.length, -SUFFIX.length));
    if (state === 'ended') await remove(join(folder, name));
    else if (state === 'on another computer') others.push(join(folder, name));
  }
  return others;
}

/** Removes files that were last written more than a day before now, by the clock of the folder. */
async function removeOld(paths: readonly string[], now: number): Promise<void> {
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && found.mtimeMs < now - DAY) await remove(path);
  }
}

/** Removes a file if it can: it may belong to another user, and the error that led here is the one to report. */
const remove = (path: string): Promise<void> => rm(path, { force: true }).catch(() => {});
