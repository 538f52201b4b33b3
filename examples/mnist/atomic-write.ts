import { rename, rm, writeFile } from 'node:fs/promises';

/** Writes a file atomically: readers see the old contents or the new contents, never a part. */
export async function writeAtomically(path: string, contents: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, contents, { flush: true });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
