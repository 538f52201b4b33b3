import { setThreads } from 'ndgrad';
import { Ranks } from '../../src/mpi/ranks.ts';
import type { Network } from './networks.ts';
import { ObservedWorld, type Parts } from './observed-world.ts';
import { OneOfMany } from './one-of-many.ts';
import { train } from './train.ts';

export interface Simulated {
  readonly parts: readonly Parts[];
  readonly messageBytes: number;
}

/** Trains as one of `ranks` ranks with a shard each, on one thread: all that such a rank does but waiting and MPI itself. */
export async function simulate(
  network: Network,
  ranks: number,
  { shardSize = network.shardSize, steps = 6, rounds = 1 } = {},
): Promise<Simulated> {
  setThreads(1);
  const communicator = new OneOfMany(ranks);
  const all = new Ranks(communicator, () => {});
  // All would send the Parameters, which rank 0 alone does.
  all.share = async (_run, saving) => saving;
  const world = new ObservedWorld(all);
  const model = network.build();
  for (let round = 0; round < rounds; round++)
    await train(network, model, { batchSize: ranks * shardSize, steps, accumulate: ranks, world });
  return { parts: world.parts, messageBytes: communicator.latest };
}
