import type { Store } from '../../src/io.ts';

/** A store in memory that remembers what was done with it. */
export class MemoryStore implements Store {
  readonly name = 'memory';
  readonly files = new Map<string, Uint8Array>();
  readonly calls: string[] = [];
  /** The bytes that were read. */
  bytesRead = 0;

  async list(): Promise<readonly string[]> {
    return [...this.files.keys()].sort();
  }

  async read(name: string) {
    const bytes = this.files.get(name);
    this.calls.push(`read ${name}`);
    if (bytes === undefined) return null;
    return {
      size: bytes.length,
      read: async (offset: number, length: number) => {
        this.bytesRead += length;
        return bytes.slice(offset, offset + length);
      },
    };
  }

  async write(name: string, parts: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const part of parts) chunks.push(part.slice());
    this.calls.push(`write ${name}`);
    this.files.set(name, new Uint8Array(Buffer.concat(chunks)));
  }

  async remove(name: string): Promise<void> {
    if (this.files.delete(name)) this.calls.push(`remove ${name}`);
  }
}
