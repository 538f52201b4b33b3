/**
 * A rank of `bench/scale.ts`: trains all cases, and rank 0 prints what was measured. The arguments are a JSON array of cases, and the file that
 * controls the network. */
import { setThreads } from 'ndgrad';
import { mpi } from 'ndgrad/mpi';
import { type Shape, shape } from './namespaces.ts';
import { networks } from './networks.ts';
import { ObservedWorld } from './observed-world.ts';
import { best, median } from './times.ts';
import { train } from './train.ts';

export interface Case {
  readonly network: keyof typeof networks;
  readonly shards: number;
  readonly shardSize: number;
  readonly steps: number;
  /** undefined: the network as it is. */
  readonly shape?: Shape;
}

/** Milliseconds, best and median of all steps but the first. */
export interface Measured {
  /** Of the rank that comes last to the exchange, so that it contains no waiting for another rank's passes. */
  readonly exchange: { readonly best: number; readonly median: number };
  /** Processor time of the exchange, least of all ranks and steps. */
  readonly processor: number;
  readonly step: { readonly best: number; readonly median: number };
}

const world = await mpi();
setThreads(1);
const all: Measured[] = [];
for (const { network: name, shards, shardSize, steps, shape: wanted } of JSON.parse(
  process.argv[2]!,
) as Case[]) {
  if (wanted !== undefined && world.rank === 0) shape(process.argv[3]!, wanted);
  await world.gather('the network', null);
  const observed = new ObservedWorld(world);
  const network = networks[name];
  await train(network, network.build(), {
    batchSize: shards * shardSize,
    steps,
    accumulate: shards,
    world: observed,
  });
  const ranks = await world.gather('the times', observed.parts);
  const least = (i: number, time: 'wall' | 'processor'): number =>
    best(ranks.map((parts) => parts[i]!.combine[time])) + best(ranks.map((parts) => parts[i]!.agree[time]));
  const exchange = ranks[0]!.map((_, i) => least(i, 'wall'));
  const step = ranks[0]!.map(
    ({ compute, combine, update, agree }) => compute.wall + combine.wall + update.wall + agree.wall,
  );
  all.push({
    exchange: { best: best(exchange), median: median(exchange) },
    processor: best(ranks[0]!.map((_, i) => least(i, 'processor'))),
    step: { best: best(step), median: median(step) },
  });
}
if (world.rank === 0) console.log(JSON.stringify(all));
