/** Blocks of values, in the order in which they came, and how many bytes they are together. */
export class ByteQueue<T extends { readonly bytes: number }> {
  readonly limit: number;
  readonly entries = new Set<T>();
  bytes = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  add(block: T): void {
    this.entries.add(block);
    this.bytes += block.bytes;
  }

  /** False where it is not in the queue. */
  remove(block: T): boolean {
    if (!this.entries.delete(block)) return false;
    this.bytes -= block.bytes;
    return true;
  }
}
