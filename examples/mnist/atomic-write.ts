import { rename, rm, writeFile } from 'node:fs/promises';

/** Writes a file so that readers see the old one or the new one, never half of one. */
export async function writeAtomically(path: string, contents: string): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(draft, contents, { flush: true });
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
