import type { Communicator } from '../../src/mpi/communicator.ts';
import { readOpening } from '../../src/mpi/opening.ts';

/**
 * Rank 0 of any number of ranks, all of which send the same as rank 0. So one process does the work of one rank of an exchange, without
 * waiting for others.
 */
export class OneOfMany implements Communicator {
  readonly rank = 0;
  readonly size: number;
  /** Bytes of the latest message with sums: of the opening, or what follows it. */
  latest = 0;
  #message = 0;

  constructor(size: number) {
    this.size = size;
  }

  exchange: Communicator['exchange'] = async (outgoing, incoming, kind) => {
    const own = outgoing[1]!;
    if (own instanceof Uint8Array) {
      if (kind === 'opening') this.#message = readOpening(own).length;
    } else this.latest = this.#message;
    incoming.forEach((array, rank) => {
      if (rank === 0) return;
      const sent = outgoing[rank]!;
      // Pieces of other ranks may be longer by an element.
      for (let at = 0; at < array.length; at += sent.length)
        array.set(sent.subarray(0, array.length - at) as never, at);
    });
  };
}
