import { partsOf } from '../io/content.ts';
import { checkFileName, isFileName, type Store } from '../io/store.ts';
import { checkCount } from '../ir/arguments.ts';
import { StateError } from '../ir/errors.ts';
import { unshared } from './blob.ts';
import { sourceOf } from './blob-source.ts';
import { nameOf, storageError } from './storage-error.ts';

/** All browsers have it in this file system, but TypeScript does not know it. */
interface MovableFile extends FileSystemFileHandle {
  move(name: string): Promise<void>;
}

const PREFIX = '.ndgrad-';

/**
 * Bytes of one write. Chromium passes the bytes to the process of the file through a pipe of 2 MiB. If they do not fit and
 * the storage is full, it may report an AbortError of the pipe instead of the QuotaExceededError.
 */
const WRITE_SIZE = 1 << 20;

/**
 * Files in a folder of the browser's own file system (OPFS), in pages and in workers. A file is written under a temporary
 * name and then renamed. The page must be secure (https or localhost).
 *
 * The browser may delete them when it needs space, unless the page has called `navigator.storage.persist()`. The store's
 * methods throw a StateError if the storage is full, refused or not there.
 *
 * @param folder the name of the folder; `'ndgrad'` by default.
 */
export function opfsStore(folder = 'ndgrad'): Store {
  checkCount('opfsStore', arguments.length, 1);
  checkFileName('opfsStore', folder);
  const run = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw storageError('opfsStore', what, error);
    }
  };
  return {
    name: `opfs:${folder}`,
    list: () =>
      run(folder, async () => {
        const directory = await ifFound(open(folder, false));
        return directory === null ? [] : (await namesOf(directory)).filter(isFileName).sort();
      }),
    async read(name) {
      checkFileName('opfsStore', name);
      return run(name, async () => {
        const directory = await ifFound(open(folder, false));
        const handle = directory && (await ifFound(directory.getFileHandle(name)));
        return handle && sourceOf('opfsStore', name, await handle.getFile());
      });
    },
    async write(name, parts) {
      checkFileName('opfsStore', name);
      await run(name, async () => {
        const directory = await open(folder, true);
        await removeStale(directory);
        // While the lock is held, other tabs do not take the file for a stale one. It ends with this tab.
        const temporary = PREFIX + crypto.randomUUID();
        await navigator.locks.request(temporary, () => writeWhole(directory, temporary, name, parts));
      });
    },
    async remove(name) {
      checkFileName('opfsStore', name);
      await run(name, async () => {
        const directory = await ifFound(open(folder, false));
        if (directory !== null) await ifFound(directory.removeEntry(name));
      });
    },
  };
}

async function open(folder: string, create: boolean): Promise<FileSystemDirectoryHandle> {
  const storage = globalThis.navigator?.storage;
  if (storage?.getDirectory === undefined)
    throw new StateError(
      '[opfsStore] got no file system of the browser, wanted a secure page (https or localhost). Use indexedDbStore.',
    );
  return (await storage.getDirectory()).getDirectoryHandle(folder, { create });
}

/** Null if there is no such file or folder. */
const ifFound = <T>(work: Promise<T>): Promise<T | null> =>
  work.catch((error: unknown) => {
    if (nameOf(error) === 'NotFoundError') return null;
    throw error;
  });

async function namesOf(directory: FileSystemDirectoryHandle): Promise<string[]> {
  const names: string[] = [];
  for await (const [name, { kind }] of directory.entries()) if (kind === 'file') names.push(name);
  return names;
}

async function writeWhole(
  directory: FileSystemDirectoryHandle,
  temporary: string,
  name: string,
  parts: unknown,
): Promise<void> {
  const handle = (await directory.getFileHandle(temporary, { create: true })) as MovableFile;
  try {
    if (handle.createWritable === undefined || handle.move === undefined)
      throw new StateError(
        '[opfsStore] got a browser that is too old, wanted a newer one. Use indexedDbStore.',
      );
    const file = await handle.createWritable();
    try {
      for await (const part of partsOf('opfsStore', parts)) {
        const bytes = unshared(part);
        for (let at = 0; at < bytes.length; at += WRITE_SIZE)
          await file.write(bytes.subarray(at, at + WRITE_SIZE));
      }
    } catch (error) {
      await file.abort().catch(() => {}); // the first error is the one to report
      throw error;
    }
    await file.close();
    await handle.move(name);
  } catch (error) {
    await directory.removeEntry(temporary).catch(() => {});
    throw error;
  }
}

/** Removes temporary files of tabs that were closed while they were writing. */
async function removeStale(directory: FileSystemDirectoryHandle): Promise<void> {
  const temporary = (await namesOf(directory)).filter((name) => name.startsWith(PREFIX));
  if (temporary.length === 0) return;
  const { held = [], pending = [] } = await navigator.locks.query();
  const alive = new Set([...held, ...pending].map((lock) => lock.name));
  for (const name of temporary) if (!alive.has(name)) await directory.removeEntry(name).catch(() => {}); // it may just have been renamed
}
