import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Store } from '../../../src/io/store.ts';

/**
 * Files in a folder, written to a temporary file that is renamed when it is on the disk.
 *
 * @param event is called before and after everything that changes the folder.
 */
export function folderStore(folder: string, event: (what: string) => void): Store {
  return {
    name: folder,
    async list() {
      await mkdir(folder, { recursive: true });
      return (await readdir(folder)).filter((name) => !name.endsWith('.tmp')).sort();
    },
    async read(name) {
      const file = await open(join(folder, name)).catch(() => null);
      if (file === null) return null;
      const bytes = new Uint8Array(await file.readFile());
      await file.close();
      return { size: bytes.length, read: async (at, length) => bytes.slice(at, at + length) };
    },
    async write(name, parts) {
      event('write');
      const partial = join(folder, `${name}.tmp`);
      const file = await open(partial, 'w');
      event('created');
      for await (const part of parts) {
        await file.write(part);
        event('part');
      }
      await file.sync();
      await file.close();
      event('complete');
      await rename(partial, join(folder, name));
      event('renamed');
      const directory = await open(folder);
      await directory.sync();
      await directory.close();
      event('synchronized');
    },
    async remove(name) {
      event('remove');
      await rm(join(folder, name), { force: true });
      event('removed');
    },
  };
}
