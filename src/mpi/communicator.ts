/** The arrays whose elements are exchanged. */
export type Elements = Uint8Array | Uint16Array | Float32Array;

/** Moves bytes and numbers between the ranks. All ranks call the same methods in the same order. */
export interface Communicator {
  readonly rank: number;
  readonly size: number;
  /**
   * A message of each rank, by rank, all of the same length.
   *
   * @throws RankFailure for ranks that do not send one in time.
   */
  headers(own: Uint8Array): Promise<readonly Uint8Array[]>;
  /** The arrays of all ranks, one after the other. @param lengths of these arrays, by rank. */
  gather<A extends Elements>(own: A, lengths: readonly number[]): Promise<A>;
  /**
   * What the ranks send to this one, one after the other.
   *
   * @param own for each rank, one after the other. @param lengths of these parts. @param incoming lengths of what each rank sends.
   */
  exchange<A extends Elements>(own: A, lengths: readonly number[], incoming: readonly number[]): Promise<A>;
}
