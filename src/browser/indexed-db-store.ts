import { checkFileName, type Store } from '../io/store.ts';
import { checkCount, refusal } from '../ir/arguments.ts';
import { StateError } from '../ir/errors.ts';
import { blobOf } from './blob.ts';
import { type BlobLike, sourceOf } from './blob-source.ts';
import { storageError } from './storage-error.ts';

const FILES = 'files';

/**
 * Files in a database of the browser (IndexedDB), in pages and in workers. A file is written in one transaction.
 *
 * The browser may delete them when it needs space, unless the page has called `navigator.storage.persist()`. The store's
 * methods throw a StateError if the storage is full or refused.
 *
 * @param name the name of the database; `'ndgrad'` by default.
 */
export function indexedDbStore(name = 'ndgrad'): Store {
  checkCount('indexedDbStore', arguments.length, 1);
  if (typeof name !== 'string' || name === '')
    throw refusal('indexedDbStore', 'name', name, 'the name of a database as a string');
  const run = <T>(
    what: string,
    mode: IDBTransactionMode,
    work: (files: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T> =>
    transaction(name, mode, work).catch((error: unknown) => {
      throw storageError('indexedDbStore', what, error);
    });
  return {
    name: `indexedDB:${name}`,
    async list() {
      return (await run(name, 'readonly', (files) => files.getAllKeys())) as string[];
    },
    async read(file) {
      checkFileName('indexedDbStore', file);
      const blob = (await run(file, 'readonly', (files) => files.get(file))) as BlobLike | undefined;
      return blob === undefined ? null : sourceOf('indexedDbStore', file, blob);
    },
    async write(file, parts) {
      checkFileName('indexedDbStore', file);
      const blob = await blobOf('indexedDbStore', parts);
      await run(file, 'readwrite', (files) => files.put(blob, file));
    },
    async remove(file) {
      checkFileName('indexedDbStore', file);
      await run(file, 'readwrite', (files) => files.delete(file));
    },
  };
}

/** The result of a request, when its transaction is complete and on the disk. */
async function transaction<T>(
  name: string,
  mode: IDBTransactionMode,
  work: (files: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await open(name);
  try {
    return await new Promise((resolve, reject) => {
      const running = database.transaction(FILES, mode, { durability: 'strict' });
      const request = work(running.objectStore(FILES));
      running.oncomplete = () => resolve(request.result);
      running.onabort = () => reject(running.error ?? request.error);
    });
  } finally {
    database.close();
  }
}

function open(name: string): Promise<IDBDatabase> {
  if (typeof indexedDB === 'undefined')
    throw new StateError('[indexedDbStore] got no IndexedDB, wanted a browser. Use folderStore in Node.');
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(FILES);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
