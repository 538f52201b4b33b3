import { mkdir, open, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf } from './error-code.ts';

/**
 * Makes a folder and those above it, and waits until they are on the disk. Node's own `recursive` does not return for
 * `/proc/new`.
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const parent = dirname(path);
    if (codeOf(error) !== 'ENOENT' || parent === path) {
      if ((await stat(path).catch(() => undefined))?.isDirectory()) return;
      throw error;
    }
    await makeFolder(parent);
    await mkdir(path).catch((again: unknown) => {
      if (codeOf(again) !== 'EEXIST') throw again;
    });
  }
  await syncFolder(dirname(path));
}

/** Waits until the names in a folder are on the disk, where the system can do that: not on Windows. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!['EACCES', 'EINVAL', 'EISDIR', 'ENOTSUP', 'EPERM'].includes(String(codeOf(error)))) throw error;
  }
}

/** The path without symbolic links; the file need not exist. */
export async function realPath(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch {
    return join(await realpath(dirname(file)), basename(file));
  }
}
