import type { Elements } from './communicator.ts';

/** How an array of elements is made. */
export interface ElementsConstructor<A extends Elements = Elements> {
  new (length: number): A;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): A;
  readonly BYTES_PER_ELEMENT: number;
}

/**
 * Memory for the arrays of one step after the other. New arrays in each step would keep the garbage collector busy, and their
 * memory would never be in the caches.
 */
export class ReusedMemory {
  #buffers: ArrayBuffer[] = [];
  #next = 0;

  /** A new step begins, in which the arrays of the last one are no longer used. */
  reset(): void {
    this.#next = 0;
  }

  free(): void {
    this.#buffers = [];
  }

  /** An array with unspecified contents. */
  take<A extends Elements>(Elements: ElementsConstructor<A>, length: number): A {
    const at = this.#next++;
    const bytes = length * Elements.BYTES_PER_ELEMENT;
    if ((this.#buffers[at]?.byteLength ?? 0) < bytes) this.#buffers[at] = new ArrayBuffer(bytes);
    return new Elements(this.#buffers[at] ?? new ArrayBuffer(0), 0, length);
  }
}
