/** The arrays whose elements are exchanged. */
export type Elements = Uint8Array | Uint16Array | Float32Array;

/** Moves bytes and numbers between the ranks. All ranks call the same methods in the same order. */
export interface Communicator {
  readonly rank: number;
  readonly size: number;
  /**
   * Sends an array to each other rank and fills one with what it sends. What is at the place of this rank is not touched, and
   * empty arrays are not sent. The arrays must not be changed until it is done.
   *
   * @param kind an `opening` is small, and ranks may come to it late; messages of the two kinds are never confused.
   * @throws RankFailure for ranks that do not take part in time.
   */
  exchange(
    outgoing: readonly Elements[],
    incoming: readonly Elements[],
    kind: 'opening' | 'data',
  ): Promise<void>;
}

/** Sends an array of each rank to all. @param all by rank: that of this rank, and those that are filled. */
export const gather = (
  { exchange, rank }: Communicator,
  all: readonly Elements[],
  kind: 'opening' | 'data',
): Promise<void> =>
  exchange(
    all.map(() => all[rank]!),
    all,
    kind,
  );

/** The parts of an array that have these lengths and lie one after the other. */
export function parts<A extends Elements>(array: A, lengths: readonly number[]): A[] {
  let at = 0;
  return lengths.map((length) => {
    at += length;
    return array.subarray(at - length, at) as A;
  });
}
