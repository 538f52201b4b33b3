/**
 * What training over MPI costs on networks that this computer does not have: a model (distributed/cost-model.ts) that is fitted to
 * measurements here, checked with ranks in network namespaces, and printed for more ranks.
 *
 *     npx tsx bench/scale.ts            # fits, and prints the table; needs mpirun
 *     npx tsx bench/scale.ts --check    # checks the predictions first; needs root, Linux, ip, a C compiler and some minutes
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import {
  type Costs,
  countsOf,
  type Network as Link,
  leastSquares,
  ringSeconds,
  stepTime,
  type Workload,
  waitingOf,
  workOf,
} from './distributed/cost-model.ts';
import { Namespaces, type Shape } from './distributed/namespaces.ts';
import { mlp, networks } from './distributed/networks.ts';
import type { Case } from './distributed/rank.ts';
import { runRanks } from './distributed/run-ranks.ts';
import { simulate } from './distributed/simulate.ts';
import { best } from './distributed/times.ts';

const { values: flags } = parseArgs({
  options: { check: { type: 'boolean' }, rounds: { type: 'string', default: '4' } },
});
const rounds = Number(flags.rounds);
const cores = availableParallelism();
const keys = ['step', 'rank', 'tensor', 'element', 'addition', 'message', 'byte'] as const;
const ms = (seconds: number): string => (seconds * 1000).toPrecision(3);
const print = (...cells: (string | number)[]): void =>
  console.log(
    cells.map((cell, i) => (i === 0 ? String(cell).padEnd(34) : String(cell).padStart(11))).join(''),
  );

// What one rank computes, measured for some ranks without a network: the work of an exchange, by model and number of ranks.
const workloads: Workload[] = [];
const rows: number[][] = [];
const measured: number[] = [];
const labels: string[] = [];
for (const network of [...Object.values(networks), mlp(32), mlp(1024, 1024)]) {
  const isLarge = network.name === 'gpt';
  let first: Workload | undefined;
  for (const ranks of isLarge ? [2, 8, 64] : [2, 4, 8, 64, 512]) {
    // The passes are measured with two ranks.
    const shardSize = ranks === 2 ? network.shardSize : 1;
    const { parts, messageBytes } = await simulate(network, ranks, {
      shardSize,
      rounds: isLarge ? 1 : rounds,
    });
    const least = (part: 'compute' | 'combine' | 'update' | 'agree'): number =>
      best(parts.map((step) => step[part].processor)) / 1000;
    const { elements, tensors } = parts[0]!;
    first ??= {
      name: network.title,
      elements,
      tensors,
      messageBytes,
      shardSeconds: least('compute'),
      updateSeconds: least('update'),
    };
    rows.push(keys.map((key) => ({ ...countsOf(first!, ranks, ranks), message: 0, byte: 0 })[key]));
    measured.push(least('combine') + least('agree') + Math.max(0, least('update') - first.updateSeconds));
    labels.push(`${network.title}, ${ranks} ranks`);
  }
  workloads.push(first!);
}
const costsOf = (coefficients: readonly number[]): Costs =>
  Object.fromEntries(keys.map((key, i) => [key, coefficients[i]!])) as Record<keyof Costs, number>;
const own = costsOf(leastSquares(rows, measured));
console.log('Work of an exchange on one rank without MPI: ms of processor time');
print('', 'measured', 'fitted', 'error');
measured.forEach((seconds, i) => {
  const fitted = rows[i]!.reduce((sum, count, k) => sum + count * own[keys[k]!], 0);
  print(labels[i]!.slice(0, 34), ms(seconds), ms(fitted), `${((fitted / seconds - 1) * 100).toFixed(0)} %`);
});

// What MPI adds, on the loopback device with more ranks than cores.
const tasks = { mlp: workloads[0]!, wide: workloads[1]!, convnet: workloads[2]! };
const SHARDS = 8;
const cases = (Object.keys(tasks) as (keyof typeof tasks)[]).map(
  (network): Case => ({ network, shards: SHARDS, shardSize: 8, steps: 12 }),
);
const added: { counts: Costs; seconds: number; label: string; work: number }[] = [];
for (const ranks of [2, 4, 8]) {
  const results = await runRanks(ranks, cases);
  results.forEach(({ exchange }, i) => {
    const workload = tasks[cases[i]!.network as keyof typeof tasks];
    const counts = countsOf(workload, SHARDS, ranks);
    const perRank = (exchange.best / 1000) * Math.min(1, cores / ranks);
    added.push({
      counts,
      seconds: perRank,
      label: `${workload.name}, ${ranks} ranks`,
      work: workOf(own, counts),
    });
  });
}
const rest = added.map(({ seconds, work }) => Math.max(seconds - work, 1e-5));
const [message, byte] = leastSquares(
  added.map(({ counts }) => [counts.message, counts.byte]),
  rest,
);
const costs: Costs = { ...own, message: message!, byte: byte! };
console.log(`\nExchanges over the loopback device, ranks on ${cores} cores: ms of a core on each rank`);
print('', 'measured', 'fitted', 'error');
for (const { counts, seconds, label } of added) {
  const fitted = workOf(costs, counts);
  print(label.slice(0, 34), ms(seconds), ms(fitted), `${((fitted / seconds - 1) * 100).toFixed(0)} %`);
}
console.log('\nCosts in microseconds');
for (const key of keys) console.log(`  ${key.padEnd(10)} ${(costs[key] * 1e6).toPrecision(3)}`);

if (flags.check) await check();

const LATENCY = 20e-6;
console.log(
  `\nOne rank of one thread on each computer, a shard for each rank, ${LATENCY * 1e6} µs one way: ms a step`,
);
for (const workload of [workloads[0]!, workloads[2]!, workloads[3]!]) {
  const { name, elements, shardSeconds, updateSeconds } = workload;
  console.log(
    `\n${name}, ${(elements / 1e6).toFixed(2)} M numbers: passes ${ms(shardSeconds)}, update ${ms(updateSeconds)}`,
  );
  print('', 'exchange:', 'work', 'network', 'step', 'efficiency', 'ring', 'tree/ring');
  for (const gigabits of [10, 100]) {
    const link: Link = { latency: LATENCY, rate: (gigabits * 1e9) / 8 };
    for (const ranks of [8, 64, 512]) {
      const { compute, work, waiting, total } = stepTime(workload, ranks, ranks, costs, link);
      const ring = ringSeconds(workload, ranks, costs, link);
      print(
        `  ${ranks} ranks, ${gigabits} Gbit/s`,
        ms(work + waiting),
        ms(work),
        ms(waiting),
        ms(total),
        `${((compute / total) * 100).toFixed(0)} %`,
        ms(ring),
        ((work + waiting) / ring).toFixed(2),
      );
    }
  }
}

/** Compares predictions with ranks whose network is slow, on the cores of this computer. */
async function check(): Promise<void> {
  const shapes: [keyof typeof tasks, Shape, number][] = [
    ['mlp', { delayMs: 5, megabits: 5 }, 4],
    ['mlp', { delayMs: 1, megabits: 20 }, 8],
    ['wide', { delayMs: 5, megabits: 50 }, 5],
    ['convnet', { delayMs: 5, megabits: 1 }, 6],
    ['convnet', { delayMs: 20, megabits: 10 }, 8],
  ];
  const given = shapes.map(
    ([network, shape, steps]): Case => ({ network, shards: SHARDS, shardSize: 4, steps, shape }),
  );
  console.log('\nExchange with ranks in network namespaces: ms, best and median step');
  print('', 'ranks', 'predicted', 'best', 'error', 'median', 'error');
  const errors: number[] = [];
  const namespaces = await Namespaces.open(8);
  try {
    for (const ranks of [2, 3, 4, 8]) {
      const results = await runRanks(ranks, given, namespaces);
      results.forEach(({ exchange }, i) => {
        const [network, { delayMs, megabits }] = shapes[i]!;
        const workload = tasks[network];
        const link = { latency: delayMs / 1000, rate: (megabits * 1e6) / 8 };
        const work = workOf(costs, countsOf(workload, SHARDS, ranks)) * Math.max(1, ranks / cores);
        const predicted = 1000 * (work + waitingOf(workload, SHARDS, ranks, link));
        const error = (time: number): string => `${((predicted / time - 1) * 100).toFixed(0)} %`;
        errors.push(Math.abs(predicted / exchange.best - 1));
        print(
          `${network}, ${delayMs} ms, ${megabits} Mbit/s`,
          ranks,
          predicted.toFixed(0),
          exchange.best.toFixed(0),
          error(exchange.best),
          exchange.median.toFixed(0),
          error(exchange.median),
        );
      });
    }
  } finally {
    namespaces.end();
  }
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  console.log(
    `mean error of the best steps ${(100 * mean).toFixed(0)} %, largest ${(100 * Math.max(...errors)).toFixed(0)} %`,
  );
}
