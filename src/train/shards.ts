// The rules by which a batch is divided into shards, and the order in which the results of shards are added. Floating-point sums
// depend on their order. These rules fix it, so a step gives the same bits wherever its shards are computed.

/**
 * The rows `from` to before `to` of the batch that form a shard. Shards are numbered from 0; their sizes differ by at most one.
 */
export const shardRows = (rows: number, shards: number, shard: number): [from: number, to: number] => [
  Math.floor((shard * rows) / shards),
  Math.floor(((shard + 1) * rows) / shards),
];

/** The shards that a rank computes, of a number of shards that is not below that of the ranks. Without ranks they are all. */
export const ownShards = (
  shards: number,
  ranks: { readonly rank: number; readonly size: number } = { rank: 0, size: 1 },
): [first: number, end: number] => shardRows(shards, ranks.size, ranks.rank);

/** The sum over the shards from `first` on, whose number `count` is a power of two that divides `first`. */
export interface ShardNode<T> {
  readonly first: number;
  readonly count: number;
  /** null if all are empty. */
  readonly sum: T | null;
}

/**
 * Adds the results of shards in a binary tree over their numbers: ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7)). An empty shard is
 * left out: 0 + (2 + 3) if shard 1 is empty. A subtree, such as that of the shards 4 to 7, can be added elsewhere and gives the
 * same bits. At most one sum per level is kept in memory on the left of the latest shard, and one on each level where the
 * first shard is a right child.
 */
export class ShardTree<T> {
  readonly #add: (left: T, right: T) => T;
  readonly #nodes: ShardNode<T>[] = [];
  #next: number;

  /** @param from the number of the first shard. */
  constructor(add: (left: T, right: T) => T, from = 0) {
    this.#add = add;
    this.#next = from;
  }

  /**
   * Adds the next shard, or the sum over the next `count` shards; null if they are empty.
   *
   * @returns the largest sum that it completes.
   */
  push(shard: T | null, count = 1): T | null {
    let node: ShardNode<T> = { first: this.#next, count, sum: shard };
    this.#next += count;
    while (this.#nodes.at(-1)?.count === node.count && node.first % (2 * node.count) !== 0) {
      const { first, sum: left } = this.#nodes.pop()!;
      const { sum: right } = node;
      const sum = left === null ? right : right === null ? left : this.#add(left, right);
      node = { first, count: 2 * node.count, sum };
    }
    this.#nodes.push(node);
    return node.sum;
  }

  /** The largest sums, in order. */
  get nodes(): readonly ShardNode<T>[] {
    return this.#nodes;
  }

  /** The sum over all shards, whose number is a power of two; null if all are empty. */
  get sum(): T | null {
    return this.#nodes[0]?.sum ?? null;
  }
}
