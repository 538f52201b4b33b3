// The rules by which a batch is divided into shards, and the order in which the results of shards are added. Floating-point sums
// depend on their order. These rules fix it, so a step gives the same bits wherever its shards are computed.

/** The rows `from` to before `to` of the batch that form a shard. Shards are numbered from 0; their sizes differ by at most one. */
export const shardRows = (rows: number, shards: number, shard: number): [from: number, to: number] => [
  Math.floor((shard * rows) / shards),
  Math.floor(((shard + 1) * rows) / shards),
];

/**
 * Adds the results of shards in a binary tree over their numbers: ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)). An empty shard is
 * left out: 0 + (2 + 3) if shard 1 is empty. A subtree, such as that of the shards 4 to 7, can be added elsewhere and gives the
 * same bits. At most one sum per level is kept in memory.
 */
export class ShardTree<T> {
  readonly #add: (left: T, right: T) => T;
  /** By level: the sum that waits for its right neighbor. */
  readonly #waiting: (T | null)[] = [];
  #count = 0;

  constructor(add: (left: T, right: T) => T) {
    this.#add = add;
  }

  /**
   * Adds the next shard; null if it is empty.
   *
   * @returns the largest sum that it completes.
   */
  push(shard: T | null): T | null {
    let sum = shard;
    let level = 0;
    for (let n = this.#count++; n % 2 === 1; n = (n - 1) / 2) {
      const left = this.#waiting[level]!;
      sum = left === null ? sum : sum === null ? left : this.#add(left, sum);
      level++;
    }
    this.#waiting[level] = sum;
    return sum;
  }

  /** The sum over all shards, whose number is a power of two; null if all are empty. */
  get sum(): T | null {
    return this.#waiting.at(-1) ?? null;
  }
}
