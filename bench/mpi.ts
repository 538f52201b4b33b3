/**
 * Training by two ranks with one thread each, beside one process with two threads on the same shards, without shards, and PyTorch
 * with its DistributedDataParallel over Gloo. All take turns, so that other programs disturb all of them. The processor time per
 * step, of all threads and ranks, says what the exchange costs where other programs keep ranks waiting for each other.
 *
 *     mpirun -n 2 --bind-to none npx tsx bench/mpi.ts     # ROUNDS=8 PYTHON=/usr/bin/python3
 */
import { setThreads } from 'ndgrad';
import { mpi } from 'ndgrad/mpi';
import { networks } from './distributed/networks.ts';
import { best, median, type Times, together } from './distributed/times.ts';
import { TorchRanks } from './distributed/torch-ranks.ts';
import { train } from './distributed/train.ts';

const SHARDS = 8;
const ROUNDS = Number(process.env.ROUNDS ?? 8);

const world = await mpi();
const torch = world.rank === 0 ? await TorchRanks.start(process.env.PYTHON ?? 'python3', world.size) : null;
if (world.rank === 0) console.log(torch?.about ?? 'without PyTorch: its module torch cannot be loaded');

const tasks = [
  { network: networks.wide, batchSize: 1024, steps: 6 },
  { network: networks.convnet, batchSize: 256, steps: 4 },
];
for (const { network, ...size } of tasks) {
  const model = network.build();
  const task = { name: network.name, batch: size.batchSize, steps: size.steps };
  const ours = { ranks: [] as Times[], shards: [] as Times[], whole: [] as Times[] };
  const theirs = { ranks: [] as Times[], whole: [] as Times[] };
  for (let round = 0; round < ROUNDS; round++) {
    setThreads(1);
    const own = await train(network, model, { ...size, accumulate: SHARDS, world });
    ours.ranks.push(...together(await world.gather('the times', own)));
    // The other ranks wait at the beginning of the next training, asleep.
    if (world.rank > 0) continue;
    setThreads(world.size);
    ours.shards.push(...(await train(network, model, { ...size, accumulate: SHARDS })));
    ours.whole.push(...(await train(network, model, { ...size, accumulate: 1 })));
    if (torch === null) continue;
    theirs.ranks.push(...together(await torch.train({ ...task, distributed: true })));
    theirs.whole.push(...together(await torch.train({ ...task, distributed: false })));
  }
  if (world.rank > 0) continue;

  const row = (title: string, times: readonly Times[]): void => {
    if (times.length === 0) return;
    const [wall, processor] = (['wall', 'processor'] as const).map((key) => times.map((step) => step[key]));
    const cells = [best(wall!), median(wall!), best(processor!), median(processor!)];
    console.log(`  ${title.padEnd(46)} ${cells.map((cell) => cell.toFixed(1).padStart(9)).join('')}`);
  };
  /** How many times as fast `b` is: by the best and by the median step. */
  const ratio = (title: string, a: readonly Times[], b: readonly Times[]): void => {
    if (a.length === 0 || b.length === 0) return;
    const quotient = (of: (values: readonly number[]) => number): string =>
      (of(a.map(({ wall }) => wall)) / of(b.map(({ wall }) => wall))).toFixed(2);
    console.log(`  ${title}: ${quotient(best)} (best), ${quotient(median)} (median)`);
  };
  const several = `${world.size} ranks, 1 thread each`;
  const single = `1 process, ${world.size} threads`;
  console.log(`\n${network.title}, batches of ${size.batchSize}: ms a step`);
  console.log(
    `  ${''.padEnd(46)} ${['wall best', ' median', 'cpu best', ' median'].map((t) => t.padStart(9)).join('')}`,
  );
  row(`ndgrad, ${several}, ${SHARDS} shards`, ours.ranks);
  row(`ndgrad, ${single}, ${SHARDS} shards`, ours.shards);
  row(`ndgrad, ${single}, no shards`, ours.whole);
  row(`PyTorch, ${several} (Gloo)`, theirs.ranks);
  row(`PyTorch, ${single}`, theirs.whole);
  ratio('speed of ranks / one process, ndgrad', ours.shards, ours.ranks);
  ratio('speed of ranks / one process, PyTorch', theirs.whole, theirs.ranks);
  ratio('cost of shards: time with / without', ours.shards, ours.whole);
  ratio('speed of ndgrad / PyTorch, ranks', theirs.ranks, ours.ranks);
}
torch?.end();
