import { rmSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';

/** Thrown if results cannot be written. The message is one line. */
export class OutputError extends Error {}

/** Files that are not complete yet. */
const temporary = new Set<string>();

/**
 * Ends the process without a stack trace if its output is closed (`| head -1`), its disk is full or it gets a signal, and
 * leaves no temporary files behind. Call it once, first.
 */
export function handleOutput(): void {
  process.on('exit', () => {
    for (const path of temporary) rmSync(path, { force: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0); // the reader has seen enough
      if (stream === process.stdout) console.error(error.message);
      process.exit(1);
    });
  }
}

/** Whether an error comes from the operating system, such as ENOSPC. Its message is one line. */
export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error;

/** Writes a file atomically: readers see the old contents or the new contents, never a part. */
export async function writeAtomically(path: string, contents: string): Promise<void> {
  const partial = `${path}.${process.pid}.tmp`;
  temporary.add(partial);
  try {
    await writeFile(partial, contents, { flush: true });
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => {}); // the first error is the one to report
    if (!isSystemError(error)) throw error;
    throw new OutputError(`cannot write ${path}: ${error.message}. --resume reuses the networks so far.`, {
      cause: error,
    });
  } finally {
    temporary.delete(partial);
  }
}

/** Removes temporary files that processes left in a directory when they were killed. */
export async function removeLeftovers(directory: string): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    const pid = /\.(\d+)\.tmp$/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) await rm(join(directory, name), { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return isSystemError(error) && error.code === 'EPERM'; // a process of another user
  }
}

/** Makes a directory and those above it. Node's own `recursive` does not return for `/proc/new`. */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const parent = dirname(path);
    if (error.code === 'ENOENT' && parent !== path) {
      await makeDirectory(parent);
      await mkdir(path).catch((again: unknown) => {
        if (!isSystemError(again) || again.code !== 'EEXIST') throw again;
      });
    } else if (!(await stat(path).catch(() => undefined))?.isDirectory()) {
      throw error;
    }
  }
}
