import type { Communicator, Elements } from '../../src/mpi/communicator.ts';

/**
 * Rank 0 of any number of ranks, all of which send the same as rank 0. So one process does the work of one rank of an exchange, without
 * waiting for others.
 */
export class OneOfMany implements Communicator {
  readonly rank = 0;
  readonly size: number;
  /** Bytes of the latest message with sums. */
  latest = 0;
  #message = 0;

  constructor(size: number) {
    this.size = size;
  }

  async headers(own: Uint8Array): Promise<readonly Uint8Array[]> {
    return Array.from({ length: this.size }, () => own.slice());
  }

  async gather<A extends Elements>(own: A, lengths: readonly number[]): Promise<A> {
    if (own instanceof Uint8Array) this.#message = own.length;
    return repeated(own, lengths);
  }

  async exchange<A extends Elements>(
    own: A,
    _lengths: readonly number[],
    incoming: readonly number[],
  ): Promise<A> {
    this.latest = this.#message;
    return repeated(own, incoming);
  }
}

/** The first elements of the array, as many as the first length says, then as many as the second one says, and so on. */
function repeated<A extends Elements>(own: A, lengths: readonly number[]): A {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const all = new (own.constructor as new (length: number) => A)(total);
  let at = 0;
  for (const length of lengths) {
    all.set(own.subarray(0, length), at);
    at += length;
  }
  return all;
}
