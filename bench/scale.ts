/**
 * What training over MPI costs on networks that this computer does not have: a model (distributed/cost-model.ts) that is fitted to
 * measurements here, checked with ranks in network namespaces, and printed for more ranks.
 *
 *     npx tsx bench/scale.ts --fit fit.json            # fits, and prints the table; needs mpirun
 *     npx tsx bench/scale.ts --fit fit.json --check    # checks the predictions first; needs root, Linux, ip and a C compiler
 *
 * The file keeps the fit, which takes some minutes.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import {
  type Costs,
  costNames,
  countsOf,
  type Network as Link,
  leastSquares,
  noCosts,
  ringSeconds,
  stepTime,
  type Workload,
  workOf,
} from './distributed/cost-model.ts';
import { Namespaces, type Shape } from './distributed/namespaces.ts';
import { mlp, networks } from './distributed/networks.ts';
import type { Case } from './distributed/rank.ts';
import { runRanks } from './distributed/run-ranks.ts';
import { simulate } from './distributed/simulate.ts';
import { best } from './distributed/times.ts';

const { values: flags } = parseArgs({
  options: { check: { type: 'boolean' }, fit: { type: 'string' }, rounds: { type: 'string', default: '4' } },
});
const SHARDS = 8;
const cores = availableParallelism();
const ms = (seconds: number): string => (seconds * 1000).toPrecision(3);
const percent = (part: number): string => `${(100 * part).toFixed(0)} %`;
const print = (...cells: (string | number)[]): void =>
  console.log(
    cells.map((cell, i) => (i === 0 ? String(cell).padEnd(36) : String(cell).padStart(11))).join(''),
  );

interface Fit {
  readonly costs: Costs;
  readonly workloads: { readonly [name in keyof typeof networks]: Workload };
}

const fitted: Fit =
  flags.fit !== undefined && existsSync(flags.fit)
    ? (JSON.parse(readFileSync(flags.fit, 'utf8')) as Fit)
    : await fit();
if (flags.fit !== undefined) writeFileSync(flags.fit, JSON.stringify(fitted));
const { costs, workloads } = fitted;
console.log('\nCosts in nanoseconds of a processor');
for (const name of costNames) console.log(`  ${name.padEnd(10)} ${(costs[name] * 1e9).toPrecision(3)}`);

if (flags.check) await check();
printScale();

/** The costs with the least sum of squared relative errors. Of those in `known`, the work is subtracted first. */
function fitCosts(
  title: string,
  observed: readonly { readonly label: string; readonly counts: Costs; readonly seconds: number }[],
  unknown: readonly (keyof Costs)[],
  known: Costs,
): Costs {
  const rest = observed.map(({ counts, seconds }) =>
    Math.max(seconds - workOf(known, counts), seconds / 100),
  );
  const found = leastSquares(
    observed.map(({ counts }) => unknown.map((key) => counts[key])),
    rest,
  );
  const costs: { -readonly [key in keyof Costs]: number } = { ...known };
  unknown.forEach((key, i) => {
    costs[key] += found[i]!;
  });
  console.log(`\n${title}`);
  print('', 'measured', 'fitted', 'error');
  for (const { label, counts, seconds } of observed) {
    const work = workOf(costs, counts);
    print(label, ms(seconds), ms(work), percent(work / seconds - 1));
  }
  return costs;
}

async function fit(): Promise<Fit> {
  const found: [string, Workload][] = [];
  const simulated = [];
  const more = { 'MLP 32': mlp(32), 'MLP 1024-1024': mlp(1024, 1024) };
  for (const [key, network] of Object.entries({ ...networks, ...more })) {
    const isLarge = network === networks.gpt;
    let workload: Workload | undefined;
    for (const ranks of isLarge ? [2, 8, 64] : [2, 4, 8, 64, 512]) {
      // The passes are measured with two ranks.
      const shardSize = ranks === 2 ? network.shardSize : 1;
      const rounds = isLarge ? 1 : Number(flags.rounds);
      const { parts, messageBytes } = await simulate(network, ranks, { shardSize, rounds });
      const least = (part: 'compute' | 'combine' | 'update' | 'agree'): number =>
        best(parts.map((step) => step[part].processor)) / 1000;
      const { elements, tensors } = parts[0]!;
      workload ??= {
        name: network.title,
        ...{ elements, tensors, messageBytes },
        ...{ shardSeconds: least('compute'), updateSeconds: least('update') },
      };
      simulated.push({
        label: `${key}, ${ranks} ranks`,
        counts: { ...countsOf(workload, ranks, ranks), message: 0, byte: 0 },
        // With the losses of all shards, which are recorded after the update.
        seconds: least('combine') + least('agree') + Math.max(0, least('update') - workload.updateSeconds),
      });
    }
    found.push([key, workload!]);
  }
  const workloads = Object.fromEntries(found) as Record<keyof typeof networks, Workload>;
  const own = fitCosts(
    'Work of an exchange on one rank, without MPI: ms of processor time',
    simulated,
    costNames.filter((name) => name !== 'message' && name !== 'byte'),
    noCosts,
  );

  const tasks = ['mlp', 'wide', 'convnet'] as const;
  const cases = tasks.map((network): Case => ({ network, shards: SHARDS, shardSize: 8, steps: 16 }));
  const real = [];
  for (const ranks of [2, 4, 8]) {
    for (const [i, { processor }] of (await runRanks(ranks, cases)).entries()) {
      const counts = countsOf(workloads[tasks[i]!], SHARDS, ranks);
      real.push({ label: `${tasks[i]!}, ${ranks} ranks`, counts, seconds: processor / 1000 });
    }
  }
  const title = `Work of an exchange over the loopback device, ranks on ${cores} cores: ms of processor time`;
  // In `step` is the time in which ranks poll for each other, which is no work.
  const { message, byte } = fitCosts(title, real, ['step', 'message', 'byte'], own);
  return { costs: { ...own, message, byte }, workloads };
}

/** Compares predictions with ranks whose network is slow, on the cores of this computer. */
async function check(): Promise<void> {
  const shapes: [keyof typeof networks, Shape, number][] = [
    ['mlp', { delayMs: 5, megabits: 5 }, 4],
    ['mlp', { delayMs: 1, megabits: 20 }, 8],
    ['wide', { delayMs: 5, megabits: 20 }, 4],
    ['convnet', { delayMs: 5, megabits: 1 }, 6],
    ['convnet', { delayMs: 20, megabits: 10 }, 8],
  ];
  const given = shapes.map(
    ([network, shape, steps]): Case => ({ network, shards: SHARDS, shardSize: 4, steps, shape }),
  );
  console.log('\nExchange of ranks in network namespaces: ms, best and median step');
  print('', 'ranks', 'predicted', 'best', 'error', 'median', 'error');
  const errors: number[] = [];
  const namespaces = await Namespaces.open(8);
  try {
    for (const ranks of [2, 3, 4, 8]) {
      for (const [i, { exchange }] of (await runRanks(ranks, given, namespaces)).entries()) {
        const [network, { delayMs, megabits }] = shapes[i]!;
        const workload = workloads[network];
        const link = { latency: delayMs / 1000, rate: (megabits * 1e6) / 8 };
        const { work, waiting } = stepTime(workload, SHARDS, ranks, costs, link, cores);
        const predicted = 1000 * (work + waiting);
        errors.push(Math.abs(predicted / exchange.best - 1));
        print(
          `${network}, ${delayMs} ms, ${megabits} Mbit/s`,
          ...[ranks, predicted.toFixed(0), exchange.best.toFixed(0), percent(predicted / exchange.best - 1)],
          ...[exchange.median.toFixed(0), percent(predicted / exchange.median - 1)],
        );
      }
    }
  } finally {
    namespaces.end();
  }
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  console.log(`mean error of the best steps ${percent(mean)}, largest ${percent(Math.max(...errors))}`);
}

function printScale(): void {
  const LATENCY = 20e-6;
  console.log(
    `\nOne rank of one thread on each computer, a shard for each rank, ${LATENCY * 1e6} µs one way: ms a step`,
  );
  for (const workload of [workloads.mlp, workloads.convnet, workloads.gpt]) {
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
}
