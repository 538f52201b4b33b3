import { refusal } from '../ir/arguments.ts';
import type { ByteSource } from './byte-source.ts';

/** Named files that are written whole or not at all: a folder, the storage of a browser, memory. */
export interface Store {
  /** The name in error messages. */
  readonly name: string;
  /** The names of all complete files, sorted. */
  list(): Promise<readonly string[]>;
  /** The bytes of a file, or null if there is none of this name. */
  read(name: string): Promise<ByteSource | null>;
  /**
   * Writes a file. One of the same name is replaced only when the new one is complete and on the disk.
   *
   * @param name letters, digits, `.`, `_` and `-`, at most 200; it begins with a letter or a digit.
   * @param parts the content; each part is written before the next one is asked for.
   */
  write(name: string, parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void>;
  /** Removes a file, if there is one. */
  remove(name: string): Promise<void>;
}

/** @throws ValueError unless it is a store. */
export function checkStore(operation: string, store: unknown): asserts store is Store {
  const { list, read, write, remove } = Object(store) as Partial<Store>;
  if ([list, read, write, remove].every((method) => typeof method === 'function')) return;
  throw refusal(operation, 'store', store, 'a Store such as folderStore(path) or opfsStore()');
}

/** Whether a store can have a file of this name. The name means the same file in every store and leads nowhere else. */
export const isFileName = (name: unknown): name is string =>
  typeof name === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/.test(name);

/** @throws ValueError unless a store can have a file of this name. */
export function checkFileName(operation: string, name: unknown): asserts name is string {
  if (isFileName(name)) return;
  const wanted =
    "at most 200 letters, digits, '.', '_' and '-' with a letter or a digit first, such as 'model.safetensors'";
  throw refusal(operation, 'the file name', name, wanted);
}
