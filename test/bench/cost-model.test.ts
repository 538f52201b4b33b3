import { expect, test } from 'vitest';
import {
  type Costs,
  countsOf,
  leastSquares,
  noCosts,
  ringSeconds,
  stepTime,
  subtreesOf,
  type Workload,
  waitingOf,
  workOf,
} from '../../bench/distributed/cost-model.ts';
import { ReusedMemory } from '../../src/mpi/reused-memory.ts';
import { sumFormats } from '../../src/mpi/sum-formats.ts';
import { sumVectors, type VectorNode } from '../../src/mpi/sum-vectors.ts';
import { ownShards, ShardTree } from '../../src/train/shards.ts';
import { communicators } from '../mpi/meeting.ts';

const workload: Workload = {
  name: 'test',
  elements: 840_000,
  tensors: 6,
  messageBytes: 400,
  shardSeconds: 0.01,
  updateSeconds: 0.002,
};
const costs: Costs = {
  step: 1e-4,
  rank: 1e-5,
  tensor: 1e-6,
  element: 1e-9,
  uncached: 0,
  addition: 1e-9,
  message: 1e-5,
  byte: 1e-10,
};

/** The subtrees of each rank that the library itself makes. */
const nodesOf = (shards: number, ranks: number): (readonly { first: number; count: number }[])[] =>
  Array.from({ length: ranks }, (_, rank) => {
    const [first, end] = ownShards(shards, { rank, size: ranks });
    const tree = new ShardTree<number>((a, b) => a + b, first);
    for (let shard = first; shard < end; shard++) tree.push(1);
    return tree.nodes;
  });

test('subtrees are those of the library', () => {
  for (const shards of [1, 2, 8, 16, 64])
    for (let ranks = 1; ranks <= shards; ranks++)
      expect(subtreesOf(shards, ranks)).toEqual(nodesOf(shards, ranks).map((nodes) => nodes.length));
});

test('bytes and additions are those of the library', async () => {
  const length = 840;
  for (const ranks of [2, 3, 4, 5, 7, 8]) {
    const nodes = nodesOf(8, ranks);
    const all: VectorNode[] = nodes.flatMap((own, rank) =>
      own.map(({ first, count }) => ({ first, count, rank, sum: new Set(['x']) })),
    );
    const busiest = await Promise.all(
      communicators(ranks).map(async (communicator, rank) => {
        let numbers = 0;
        const others = (arrays: readonly { readonly length: number }[]): number =>
          arrays.reduce((sum, { length }, i) => sum + (i === rank ? 0 : length), 0);
        await sumVectors(
          {
            ...communicator,
            exchange: (outgoing, incoming, kind) => {
              numbers += Math.max(others(outgoing), others(incoming));
              return communicator.exchange(outgoing, incoming, kind);
            },
          },
          new ReusedMemory(),
          sumFormats.float32,
          new Map([['x', [length]]]),
          all,
          nodes[rank]!.map(() => new Map([['x', new Float32Array(length)]])),
        );
        return numbers;
      }),
    );
    const sums = { elements: length, tensors: 0, messageBytes: 0 };
    const control = countsOf({ ...sums, elements: 0 }, 8, ranks).byte;
    expect(countsOf(sums, 8, ranks).byte - control).toBeCloseTo(2 * 4 * Math.max(...busiest), 6);
    expect(countsOf(sums, 8, ranks).addition).toBeCloseTo((length / ranks) * (all.length - 1), 6);
  }
});

test('waiting for the network', () => {
  // Four rounds of one way each; two of them carry 840,000 floats in halves, which wait for an answer first.
  const waiting = waitingOf(workload, 8, 2, { latency: 0.01, rate: Number.POSITIVE_INFINITY });
  expect(waiting).toBeCloseTo(0.08, 12);
  // 3.36 MB and two openings of 1024 bytes, in frames.
  const bytes = waitingOf(workload, 8, 2, { latency: 0, rate: 1e6 });
  expect(bytes).toBeCloseTo((3.362048 * (1514 + 33)) / 1448, 9);
  // A message that the opening has no room for is a round more.
  const long = waitingOf({ ...workload, messageBytes: 961 }, 8, 2, { latency: 0.01, rate: 1e6 });
  expect(long).toBeCloseTo(0.09 + (3.363009 * (1514 + 33)) / 1448, 9);
  expect(waitingOf(workload, 8, 1, { latency: 1, rate: 1 })).toBe(0);
});

test('a ring has 2 (N - 1) rounds', () => {
  expect(ringSeconds(workload, 8, noCosts, { latency: 0.01, rate: Number.POSITIVE_INFINITY })).toBeCloseTo(
    0.14,
    12,
  );
  expect(ringSeconds(workload, 1, costs, { latency: 1, rate: 1 })).toBe(0);
});

test('ranks that share cores take turns', () => {
  const network = { latency: 0, rate: Number.POSITIVE_INFINITY };
  const apart = stepTime(workload, 8, 8, costs, network);
  expect(apart.compute).toBeCloseTo(0.012, 12);
  const shared = stepTime(workload, 8, 8, costs, network, 2);
  expect(shared.compute).toBeCloseTo(0.048, 12);
  expect(shared.work).toBeCloseTo(4 * apart.work, 12);
  // Two of three ranks have three shards.
  expect(stepTime(workload, 8, 3, costs, network).compute).toBeCloseTo(0.032, 12);
  expect(workOf(costs, countsOf(workload, 8, 2))).toBeGreaterThan(1e-4);
});

test('least squares', () => {
  const rows = [
    [1, 2, 0],
    [1, 4, 0],
    [1, 8, 0],
  ];
  expect(leastSquares(rows, [7, 11, 19]).map((x) => Math.round(1e6 * x) / 1e6)).toEqual([3, 2, 0]);
  // The slope would be negative, so the mean of the inverse squares remains.
  const [constant, slope] = leastSquares(rows, [4, 2, 1]);
  expect(slope).toBe(0);
  expect(constant).toBeCloseTo((1 / 4 + 1 / 2 + 1) / (1 / 16 + 1 / 4 + 1), 12);
});
