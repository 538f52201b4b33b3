import { readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { checkFileName, isFileName, type Store } from '../io/store.ts';
import { checkCount } from '../ir/arguments.ts';
import { codeOf } from './error-code.ts';
import { fileError } from './file-error.ts';
import { openSource } from './file-source.ts';
import { syncFolder } from './folder.ts';
import { checkPath } from './path.ts';
import { writeWhole } from './whole-file.ts';

/**
 * The files of a folder, which is made when the first one is written. They are written as by `saveFile`, whole or not at
 * all. Files with other names than a store allows are left alone.
 *
 * Its methods throw a StateError for a full disk, and a ValueError for a folder that can't be read or written to.
 */
export function folderStore(path: string): Store {
  checkCount('folderStore', arguments.length, 1);
  checkPath('folderStore', path, 'a folder');
  const folder = resolve(path);
  const fileOf = (name: string): string => {
    checkFileName('folderStore', name);
    return join(folder, name);
  };
  return {
    name: path,
    async list() {
      try {
        const found = await readdir(folder, { withFileTypes: true });
        const files = found.filter((entry) => isFileName(entry.name) && !entry.isDirectory());
        return files.map(({ name }) => name).sort();
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return [];
        throw fileError('folderStore', path, error, 'a readable folder');
      }
    },
    async read(name) {
      const file = fileOf(name);
      return openSource('folderStore', file, file);
    },
    async write(name, parts) {
      await writeWhole('folderStore', fileOf(name), parts);
    },
    async remove(name) {
      const file = fileOf(name);
      try {
        await rm(file, { maxRetries: 5 });
        await syncFolder(folder);
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw fileError('folderStore', file, error, 'a file to remove');
      }
    },
  };
}
