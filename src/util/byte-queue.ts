/** Blocks of values, in the order in which they came, and how many bytes they are together. */
export class ByteQueue<T extends { readonly bytes: number }> {
  readonly limit: number;
  readonly blocks = new Set<T>();
  bytes = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  add(block: T): void {
    this.blocks.add(block);
    this.bytes += block.bytes;
  }

  /** False where it is not in the queue. */
  remove(block: T): boolean {
    if (!this.blocks.delete(block)) return false;
    this.bytes -= block.bytes;
    return true;
  }
}
