/** A queue of memory blocks with their total bytes. Removing from the middle is fast. */
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

  /** Returns false if the block is not in the queue. */
  remove(block: T): boolean {
    if (!this.entries.delete(block)) return false;
    this.bytes -= block.bytes;
    return true;
  }
}
