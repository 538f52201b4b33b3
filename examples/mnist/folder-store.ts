import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Store } from 'ndgrad/io';
import { isSystemError, makeDirectory } from './output.ts';

/** A folder of files that are written whole or not at all. */
export function folderStore(folder: string): Store {
  return {
    name: folder,
    async list() {
      const names = await readdir(folder).catch((error: unknown) => {
        if (isSystemError(error) && error.code === 'ENOENT') return [];
        throw error;
      });
      return names.filter((name) => !name.endsWith('.tmp')).sort();
    },
    async read(name) {
      const bytes = new Uint8Array(await readFile(join(folder, name)));
      return { size: bytes.length, read: async (at, length) => bytes.subarray(at, at + length) };
    },
    async write(name, parts) {
      await makeDirectory(folder);
      const partial = join(folder, `${name}.tmp`);
      const file = await open(partial, 'w');
      try {
        for await (const part of parts) await file.writeFile(part);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(partial, join(folder, name));
    },
    async remove(name) {
      await rm(join(folder, name), { force: true });
    },
  };
}
