import type { Store } from '../../../src/io/store.ts';

/** A store in memory, whose files can be looked at and changed. */
export class MemoryStore implements Store {
  readonly name = 'memory';
  readonly files = new Map<string, Uint8Array>();

  /** A store with some of the files of another one. */
  static of(files: Iterable<readonly [string, Uint8Array]>): MemoryStore {
    const store = new MemoryStore();
    for (const [name, bytes] of files) store.files.set(name, bytes);
    return store;
  }

  async list(): Promise<string[]> {
    return [...this.files.keys()].sort();
  }

  async read(name: string) {
    const bytes = this.files.get(name);
    if (bytes === undefined) return null;
    return { size: bytes.length, read: async (at: number, n: number) => bytes.slice(at, at + n) };
  }

  async write(name: string, parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    const all: Uint8Array[] = [];
    for await (const part of parts) all.push(part);
    this.files.set(name, Buffer.concat(all));
  }

  async remove(name: string): Promise<void> {
    this.files.delete(name);
  }
}
