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
   * @param name letters, digits, `.`, `_` and `-`; it begins with a letter or a digit.
   * @param parts the content; each part is written before the next one is asked for.
   */
  write(name: string, parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void>;
  /** Removes a file, if there is one. */
  remove(name: string): Promise<void>;
}
