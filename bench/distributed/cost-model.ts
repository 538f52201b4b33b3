import { MESSAGE_BYTES, OPENING_BYTES } from '../../src/mpi/opening.ts';

// How long a training step takes on several ranks: plain arithmetic. Times are in seconds, sizes in bytes unless a name says more.

/** What is trained. */
export interface Workload {
  readonly name: string;
  /** Float32 numbers that a shard's sums have: gradients, and values such as running means. */
  readonly elements: number;
  /** Tensors of these sums. */
  readonly tensors: number;
  /** What each rank says to all of one subtree, besides its sums. */
  readonly messageBytes: number;
  /** Forward and backward pass of one shard, on one rank with one thread. */
  readonly shardSeconds: number;
  /** The update, which every rank does as a whole, and the rest of a step outside the exchange. */
  readonly updateSeconds: number;
}

/** Processor seconds of the exchange on one rank. */
export interface Costs {
  /** Of an exchange without tensors. */
  readonly step: number;
  /** For each other rank: its opening, and its message without tensors. */
  readonly rank: number;
  /** For each tensor of each rank. */
  readonly tensor: number;
  /** For each number of the sums: copies from and to the backend, into the pieces and out of them. */
  readonly element: number;
  /** More for each number beyond `CACHED`. */
  readonly uncached: number;
  /** For each addition of the tree. */
  readonly addition: number;
  /** For each message that MPI sends or receives. */
  readonly message: number;
  /** For each byte that MPI sends or receives. */
  readonly byte: number;
}

export const noCosts: Costs = {
  step: 0,
  rank: 0,
  tensor: 0,
  element: 0,
  uncached: 0,
  addition: 0,
  message: 0,
  byte: 0,
};
export const costNames = Object.keys(noCosts) as (keyof Costs)[];

export interface Network {
  /** One way, of a small message. */
  readonly latency: number;
  /** Bytes per second in each direction of each rank. */
  readonly rate: number;
}

/** Larger messages of Open MPI over TCP wait for an answer of the receiver (`btl_tcp_eager_limit`). */
const EAGER_BYTES = 65_536;
/** Frames of 1514 bytes have 1448 bytes of data; an acknowledgement of 66 bytes follows two of them. */
const WIRE = (1514 + 66 / 2) / 1448;
/** So many numbers stay in the caches of a processor. */
const CACHED = 2e6;
/** Bytes that follow the opening of a step. The other opening of a step is the agreement on the end of training. */
const follows = (messageBytes: number): number => (messageBytes > MESSAGE_BYTES ? messageBytes : 0);

/** The complete subtrees of each rank: with `ranks` a power of two there is one. */
export function subtreesOf(shards: number, ranks: number): number[] {
  const bound = (rank: number): number => Math.floor((rank * shards) / ranks);
  return Array.from({ length: ranks }, (_, rank) => {
    let count = 0;
    for (let at = bound(rank); at < bound(rank + 1); count++) {
      let size = 1;
      while (at % (2 * size) === 0 && at + 2 * size <= bound(rank + 1)) size *= 2;
      at += size;
    }
    return count;
  });
}

/** The most shards that one rank has. */
export const mostShards = (shards: number, ranks: number): number => Math.ceil(shards / ranks);

/** How often each cost occurs in one step on the rank that has most of it. */
export function countsOf(
  { elements, tensors, messageBytes }: Pick<Workload, 'elements' | 'tensors' | 'messageBytes'>,
  shards: number,
  ranks: number,
): Costs {
  const subtrees = subtreesOf(shards, ranks);
  const all = subtrees.reduce((sum, count) => sum + count, 0);
  const most = Math.max(...subtrees);
  const others = ranks - 1;
  const piece = elements / ranks;
  const pieces = 4 * piece * Math.max(most * others, all - Math.min(...subtrees)) + 4 * piece * others;
  const following = follows(most * messageBytes);
  const control = others * (2 * OPENING_BYTES + following);
  return {
    step: 1,
    rank: ranks,
    tensor: tensors * all,
    element: elements * (1 + most),
    uncached: Math.max(0, elements - CACHED) * (1 + most),
    addition: piece * (all - 1),
    message: (following > 0 ? 10 : 8) * others,
    byte: 2 * (pieces + control),
  };
}

export const workOf = (costs: Costs, counts: Costs): number =>
  costNames.reduce((sum, name) => sum + costs[name] * counts[name], 0);

/** Seconds in which the ranks wait for the network in one step. */
export function waitingOf(
  { elements, messageBytes }: Pick<Workload, 'elements' | 'messageBytes'>,
  shards: number,
  ranks: number,
  { latency, rate }: Network,
): number {
  if (ranks === 1) return 0;
  const subtrees = subtreesOf(shards, ranks);
  const all = subtrees.reduce((sum, count) => sum + count, 0);
  const most = Math.max(...subtrees);
  const others = ranks - 1;
  const piece = (4 * elements) / ranks;
  /** All messages leave at once. `each` bytes go to each other rank; `total` leave or reach the busiest one. */
  const round = (each: number, total = each * others): number =>
    (each > EAGER_BYTES ? 3 : 1) * latency + (total * WIRE) / rate;
  const following = follows(most * messageBytes);
  return (
    2 * round(OPENING_BYTES) +
    (following > 0 ? round(following) : 0) +
    round(most * piece, piece * Math.max(most * others, all - Math.min(...subtrees))) +
    round(piece)
  );
}

/** A ring all-reduce of the same sums, with the same costs of copies, additions and messages, and without checks. */
export function ringSeconds(
  { elements }: Pick<Workload, 'elements'>,
  ranks: number,
  costs: Costs,
  { latency, rate }: Network,
): number {
  if (ranks === 1) return 0;
  const rounds = 2 * (ranks - 1);
  const piece = elements / ranks;
  const work =
    costs.step +
    2 * (costs.element * elements + costs.uncached * Math.max(0, elements - CACHED)) +
    costs.addition * piece * (ranks - 1) +
    rounds * (2 * costs.message + 8 * piece * costs.byte);
  return work + rounds * (latency + (4 * piece * WIRE) / rate);
}

export interface StepTime {
  readonly compute: number;
  /** Processor time of the exchange. */
  readonly work: number;
  readonly waiting: number;
  readonly total: number;
}

/** One step. @param cores that all ranks share; by default each rank has its own. */
export function stepTime(
  workload: Workload,
  shards: number,
  ranks: number,
  costs: Costs,
  network: Network,
  cores = ranks,
): StepTime {
  const share = Math.max(1, ranks / cores);
  const shardsPerRank = ranks <= cores ? mostShards(shards, ranks) : shards / ranks;
  const compute = share * (shardsPerRank * workload.shardSeconds + workload.updateSeconds);
  const work = ranks === 1 ? 0 : share * workOf(costs, countsOf(workload, shards, ranks));
  const waiting = waitingOf(workload, shards, ranks, network);
  return { compute, work, waiting, total: compute + work + waiting };
}

/**
 * The nonnegative coefficients with the least sum of squared relative errors. Coefficients that would be negative are left out,
 * the most negative one first.
 */
export function leastSquares(rows: readonly (readonly number[])[], values: readonly number[]): number[] {
  const width = rows[0]!.length;
  let used = Array.from({ length: width }, (_, i) => i).filter((i) => rows.some((row) => row[i] !== 0));
  for (;;) {
    const scaled = rows.map((row, r) => used.map((i) => row[i]! / values[r]!));
    const matrix = used.map((_, i) =>
      used.map((_, j) => scaled.reduce((s, row) => s + row[i]! * row[j]!, 0)),
    );
    const right = used.map((_, i) => scaled.reduce((sum, row) => sum + row[i]!, 0));
    const found = solve(matrix, right);
    const least = found.reduce((at, value, i) => (value * scaleOf(i) < found[at]! * scaleOf(at) ? i : at), 0);
    function scaleOf(i: number): number {
      return Math.sqrt(matrix[i]![i]!);
    }
    if (found.length === 0 || found[least]! >= 0) {
      const all = new Array<number>(width).fill(0);
      used.forEach((i, k) => {
        all[i] = found[k]!;
      });
      return all;
    }
    used = used.filter((_, k) => k !== least);
  }
}

/** Gaussian elimination of a symmetric positive definite system whose diagonal is first scaled to 1. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const n = right.length;
  const scale = matrix.map((row, i) => 1 / Math.sqrt(row[i]!));
  const a = matrix.map((row, i) => [...row.map((x, j) => x * scale[i]! * scale[j]!), right[i]! * scale[i]!]);
  for (let k = 0; k < n; k++) {
    for (let i = k + 1; i < n; i++) {
      const factor = a[i]![k]! / a[k]![k]!;
      for (let j = k; j <= n; j++) a[i]![j]! -= factor * a[k]![j]!;
    }
  }
  const x = new Array<number>(n).fill(0);
  for (let k = n - 1; k >= 0; k--) {
    let sum = a[k]![n]!;
    for (let j = k + 1; j < n; j++) sum -= a[k]![j]! * x[j]!;
    x[k] = sum / a[k]![k]!;
  }
  return x.map((value, i) => value * scale[i]!);
}
