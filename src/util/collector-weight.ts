const UNIT = 64 * (1 << 20);

/**
 * Makes the garbage collector count memory that it cannot see, so that it looks in time for the objects that hold it.
 * Engines count the bytes of array buffers; a large one that is never touched takes no memory of the machine.
 */
export class CollectorWeight {
  #bytes = 0;
  readonly #buffers: ArrayBuffer[] = [];

  /** Counts so many bytes more, or fewer if negative. The engine sees them in units of 64 MiB. */
  add(bytes: number): void {
    this.#bytes += bytes;
    const buffers = this.#buffers;
    // Half a unit too much stays, so that a sum that varies a little does not make a buffer each time.
    while (buffers.length > 0 && (buffers.length - 0.5) * UNIT >= this.#bytes) buffers.pop();
    try {
      while ((buffers.length + 1) * UNIT <= this.#bytes) buffers.push(new ArrayBuffer(UNIT));
    } catch {
      // Where not even address space is left, the collector has been told enough.
    }
  }
}
